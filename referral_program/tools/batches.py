"""Records in batches, so that each is kept for itself."""


def batches(records, size):
    """Return records in recordsets of a size, the last one smaller.

    :param int size: from 1 on
    :return: a generator of recordsets, none of them empty
    """
    for start in range(0, len(records), size):
        yield records[start : start + size]
