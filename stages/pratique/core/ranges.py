"""Positions of rows as a file holds them: numbers and ranges, increasing, such as 0,4-9."""

import numpy as np

RANGES_PATTERN = "^([0-9]{1,9}(-[0-9]{1,9})?(,[0-9]{1,9}(-[0-9]{1,9})?)*)?$"


def write_ranges(marked: np.ndarray) -> str:
    """The positions that are marked, bool of shape (rows,).

    Examples
    --------
    >>> write_ranges(np.array([True, False, True, True]))
    '0,2-3'
    """
    edges = np.diff(np.concatenate([[0], marked.astype(np.int8), [0]]))
    pairs = zip(np.flatnonzero(edges == 1).tolist(), (np.flatnonzero(edges == -1) - 1).tolist(), strict=True)
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in pairs)


def mark_ranges(text: str, rows: int) -> np.ndarray:
    """The same as bool of shape (rows,); positions beyond the rows mark nothing.

    Examples
    --------
    >>> mark_ranges("0,2-3", 5).tolist()
    [True, False, True, True, False]
    """
    marked = np.zeros(rows, bool)
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        marked[int(first) : int(last or first) + 1] = True
    return marked
