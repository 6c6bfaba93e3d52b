"""Counting the records that others have, for the buttons that open them."""


def set_counts(records, name, others, path):
    """Fill in how many other records name each of these.

    :param str name: the field to fill in
    :param others: any recordset of the model whose records are counted
    :param str path: from one of those to the record that it names
    """
    found = others._read_group([(path, "in", records.ids)], [path], ["__count"])
    counts = dict(found)
    for record in records:
        record[name] = counts.get(record, 0)
