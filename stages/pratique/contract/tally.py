"""Rules that people declare: reading their file, tallying the rows that break them, showing what was found."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pratique.contract.check import Finding, capped
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError, printable

MAX_FORBIDDEN = 10_000
"""Rows that are forbidden one by one; where more of them break a rule, the batch as a whole does too."""
MAX_SHOWN_CHARACTERS = 60
"""Characters of a text that is shown to people."""
PERSONAL_MARK = "(personal)"
"""What stands for a cell of a personal column."""
MAX_LISTED_ITEMS = 5
"""Items of a list that is shown to people."""


class Tally:
    """The rules that a batch breaks, gathered one by one; a row is remembered by the first that it breaks.

    Attributes
    ----------
    breaches : list of str
        Rules that the batch as a whole breaks, each a sentence.
    """

    def __init__(self, batch: Batch) -> None:
        self.breaches: list[str] = []
        self._batch = batch
        self._rules: list[tuple[list[str], dict[str, Any]]] = []
        self._first = np.full(len(batch), -1, np.int32)

    def breach(self, what: str, columns: list[str]) -> None:
        """Note columns, if there are any, about which a rule of the batch as a whole is broken."""
        if columns:
            self.breaches.append(f"{what} column{'s' if len(columns) > 1 else ''} {show_cell(columns)}")

    def note(self, columns: list[str], rule: str, failing: np.ndarray) -> None:
        """Note the rows that break a rule about the cells of some columns.

        Parameters
        ----------
        columns : list of str
        rule : str
            For people, without the columns.
        failing : ndarray of bool, shape (rows,)
        """
        rows = np.flatnonzero(failing)
        if not len(rows):
            return
        self._first[failing & (self._first < 0)] = len(self._rules)
        entry = {
            "column": printable(", ".join(columns)),
            "rule": rule,
            "failures": len(rows),
            "first_rows": rows[:5].tolist(),
            "first_values": self._cells(columns, rows[:3]),
        }
        self._rules.append((columns, entry))

    def finding(self) -> Finding:
        """Sum up: the share of rows that break a rule, and a reason for the first `MAX_FORBIDDEN` of them."""
        broken = self._first >= 0
        rows = np.flatnonzero(broken)
        entries = [entry for _, entry in self._rules]
        entries.sort(key=lambda entry: (-entry["failures"], entry["column"], entry["rule"]))
        evidence: dict[str, Any] = {"columns": capped(entries)}
        breaches = list(self.breaches)
        if len(rows) > MAX_FORBIDDEN:
            evidence["forbidden_left_out"] = len(rows) - MAX_FORBIDDEN
            breaches.append(f"{len(rows)} rows break a rule; at most {MAX_FORBIDDEN} are held one by one")
        return Finding.of_rows(
            broken.astype(np.float64),
            "share of rows",
            breaches=tuple(breaches),
            forbidden=self._reasons(rows[:MAX_FORBIDDEN]),
            evidence=evidence,
        )

    def _reasons(self, rows: np.ndarray) -> dict[int, str]:
        """The first rule that each row breaks, with the cells that break it, in the order of the rows."""
        reasons = {}
        first = self._first[rows]
        for i in np.unique(first):
            columns, entry = self._rules[i]
            mine = rows[first == i]
            for row, cells in zip(mine.tolist(), self._cells(columns, mine), strict=True):
                reasons[row] = f"{entry['column']}: {entry['rule']}, got {cells}"
        return dict(sorted(reasons.items()))

    def _cells(self, columns: list[str], rows: np.ndarray) -> list[str]:
        table = self._batch.table.select(columns).take(pa.array(rows))
        cells = [
            pc.utf8_slice_codeunits(column, 0, MAX_SHOWN_CHARACTERS + 1) if pa.types.is_string(column.type) else column
            for column in table.columns  # a cell may be a megabyte
        ]
        personal = self._batch.layout.personal
        shows = [
            [PERSONAL_MARK] * len(rows) if name in personal else [show_cell(cell) for cell in column.to_pylist()]
            for name, column in zip(columns, cells, strict=True)
        ]
        return [", ".join(row) for row in zip(*shows, strict=True)]


def read_rules(file: Path) -> str:
    """Read the text of a file of rules.

    Raises
    ------
    PratiqueError
        If there is no such file, or it is not UTF-8.
    """
    place = file.as_posix()
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise PratiqueError(f"{place}: not found; write it with `pratique init`, or restore it") from error
    except (OSError, UnicodeDecodeError) as error:
        raise PratiqueError(f"{place}: not readable ({one_line(error)}); save it as UTF-8") from error


def assert_comparable(place: str, items: Iterable[Any], text: bool) -> None:
    """Refuse items that no cell of a column can equal: numbers if it holds text, text if it holds numbers.

    Raises
    ------
    PratiqueError
        If there is such an item.
    """
    for item in items:
        if isinstance(item, str) != text:
            hint = "write it in quotes" if text else "write a number"
            raise PratiqueError(f"{place}: got {show_cell(item)}; {hint}")


def show_cell(value: Any) -> str:
    """Write cells for people: escaped and shortened, with the code points of what is not ASCII.

    Examples
    --------
    >>> shown(["café", 0.1 + 0.2, None])
    "'café' (U+00E9), 0.3, nothing"
    """
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "; ".join(f"{shorten(str(key))} {show_cell(item)}" for key, item in value.items() if item)
    if isinstance(value, list | tuple):
        more = f" and {len(value) - MAX_LISTED_ITEMS} more" if len(value) > MAX_LISTED_ITEMS else ""
        return ", ".join(show_cell(item) for item in value[:MAX_LISTED_ITEMS]) + more
    if isinstance(value, float):
        return f"{value:.15g}"
    if not isinstance(value, str):
        return shorten(str(value))
    foreign = list(dict.fromkeys(c for c in value[:MAX_SHOWN_CHARACTERS] if not c.isascii()))
    points = " ".join(f"U+{ord(c):04X}" for c in foreign[:3]) + (" ..." if len(foreign) > 3 else "")
    return f"'{shorten(value)}'" + (f" ({points})" if foreign else "")


def shorten(text: str) -> str:
    """Escape a text, and cut what is longer than `MAX_SHOWN_CHARACTERS`."""
    escaped = printable(text[: MAX_SHOWN_CHARACTERS + 1])
    return escaped if len(escaped) <= MAX_SHOWN_CHARACTERS else f"{escaped[:MAX_SHOWN_CHARACTERS]}..."


def one_line(error: Exception) -> str:
    """Say in one line, of 200 characters at most, what went wrong."""
    return " ".join(str(error).split())[:200]
