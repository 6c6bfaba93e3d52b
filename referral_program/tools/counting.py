"""Counting the records that others have, for the buttons that open them."""


def count_of(name, model, path):
    """Return what computes a field: how many other records name each record.

    :param str name: the field
    :param str model: the model whose records are counted, as far as the user sees them
    :param str path: from one of those to the record that it names
    """

    def compute(records):
        found = records.env[model]._read_group(
            [(path, "in", records.ids)], [path], ["__count"]
        )
        counts = dict(found)
        for record in records:
            record[name] = counts.get(record, 0)

    return compute
