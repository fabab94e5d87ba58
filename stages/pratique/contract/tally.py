"""Rules that people declare: reading their file, tallying the rows that break them, showing what was found."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pratique.contract.evidence import ColumnEvidence, Evidence
from pratique.contract.finding import RuleBreaches
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError, printable
from pratique.core.layout import Layout
from pratique.core.text import HIDDEN_MARK, MAX_SHOWN_CHARACTERS, one_line, show_cell

MAX_FORBIDDEN = 10_000
"""Rows that are forbidden one by one; where more of them break a rule, the batch as a whole does too."""


@dataclass(frozen=True)
class _BrokenRule:
    """A rule about the cells of some columns, and the rows that break it: how many, and the first of them."""

    columns: tuple[str, ...]
    rule: str
    failures: int
    first: tuple[int, ...]

    @property
    def place(self) -> str:
        """The columns, for people."""
        return printable(", ".join(self.columns))


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
        self._rules: list[_BrokenRule] = []
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
        words = name_rule(rule, columns, self._batch.layout)
        self._rules.append(_BrokenRule(tuple(columns), words, len(rows), tuple(rows[:5].tolist())))

    def result(self) -> RuleBreaches:
        """Sum up: which rows break a rule, and a reason for the first `MAX_FORBIDDEN` of them."""
        broken = self._first >= 0
        rows = np.flatnonzero(broken)
        breaches, notes = list(self.breaches), dict[str, Any]()
        if len(rows) > MAX_FORBIDDEN:
            notes["rows held with the batch only"] = len(rows) - MAX_FORBIDDEN
            breaches.append(f"{len(rows)} rows break a rule; at most {MAX_FORBIDDEN} are held one by one")
        order = sorted(self._rules, key=lambda broken: (-broken.failures, broken.place, broken.rule))
        return RuleBreaches(
            broken,
            tuple(breaches),
            self._reasons(rows[:MAX_FORBIDDEN]),
            Evidence.of_columns([self._evidence(each) for each in order], **notes),
        )

    def _evidence(self, broken: _BrokenRule) -> ColumnEvidence:
        cells = self._cells(broken.columns, np.array(broken.first[:3], int))
        facts = {"rule": broken.rule, "rows": broken.failures, "first cells": cells}
        return ColumnEvidence(tuple(map(printable, broken.columns)), facts, broken.first)

    def _reasons(self, rows: np.ndarray) -> dict[int, str]:
        """The first rule that each row breaks, with the cells that break it, in the order of the rows."""
        reasons = {}
        first = self._first[rows]
        for i in np.unique(first):
            broken = self._rules[i]
            mine = rows[first == i]
            for row, cells in zip(mine.tolist(), self._cells(broken.columns, mine), strict=True):
                reasons[row] = f"{broken.place}: {broken.rule}, got {cells}"
        return dict(sorted(reasons.items()))

    def _cells(self, columns: tuple[str, ...], rows: np.ndarray) -> list[str]:
        table = self._batch.table.select(list(columns)).take(pa.array(rows))
        cells = [
            pc.utf8_slice_codeunits(column, 0, MAX_SHOWN_CHARACTERS + 1) if pa.types.is_string(column.type) else column
            for column in table.columns  # a cell may be a megabyte
        ]
        may_show = self._batch.layout.may_show
        shows = [
            [show_cell(cell) if may_show(name, cell) else HIDDEN_MARK for cell in column.to_pylist()]
            for name, column in zip(columns, cells, strict=True)
        ]
        return [", ".join(row) for row in zip(*shows, strict=True)]


def name_rule(rule: str, columns: Collection[str], layout: Layout) -> str:
    """A rule about the cells of some columns, without its arguments where these may be personal, too.

    Examples
    --------
    >>> name_rule("isin([1, 2])", ["age"], Layout("y", {"age": "integer"}, personal=("age",)))
    'isin'
    """
    return rule.partition("(")[0] if layout.hides_any(columns) else rule


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
