"""Evidence: what a check saw, typed by what it is about: pages and records show it without knowing the check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

MOST_EVIDENCE = 20
"""Entries of a list of evidence: a poisoned batch must not swell its own report. What is left out is counted."""

SUGGESTION = "suggestion"
"""The fact about a row that says what to change in it; pages list these, and nothing applies them."""

OTHER_UNIT = "another unit?"
"""The fact about a column some of whose cells are others times a factor: `{"cells": …, "times the usual": …}`."""

Facts = Mapping[str, Any]
"""JSON by name, in words that people read: numbers, text, or short lists and tables of these."""


@dataclass(frozen=True)
class ColumnEvidence:
    """What was seen in a column, or in several together.

    Attributes
    ----------
    columns : tuple of str
    facts : mapping of str to JSON
    rows : tuple of int
        Rows that show it, by position in the batch.
    stands_out : bool
        Whether the column is worth a look: pages draw it.
    """

    columns: tuple[str, ...]
    facts: Facts
    rows: tuple[int, ...] = ()
    stands_out: bool = True


@dataclass(frozen=True)
class RowEvidence:
    """What was seen in a row, or in several together: a pair, a crowd.

    Attributes
    ----------
    rows : tuple of int
        Positions in the batch.
    facts : mapping of str to JSON
    columns : tuple of str
        Columns in which these rows stand out.
    """

    rows: tuple[int, ...]
    facts: Facts
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Everything that a check shows for what it found; lists hold at most `MOST_EVIDENCE` entries.

    Attributes
    ----------
    columns : tuple of ColumnEvidence
        Those that say the most first.
    rows : tuple of RowEvidence
        The most suspicious first.
    notes : mapping of str to JSON
        What concerns the batch as a whole.
    columns_left_out, rows_left_out : int
        Entries that are counted only.
    """

    columns: tuple[ColumnEvidence, ...] = ()
    rows: tuple[RowEvidence, ...] = ()
    notes: Facts = field(default_factory=dict)
    columns_left_out: int = 0
    rows_left_out: int = 0

    @classmethod
    def of_columns(cls, columns: Sequence[ColumnEvidence], most: int = MOST_EVIDENCE, **notes: Any) -> "Evidence":
        """The first of some columns; the others are counted."""
        return cls(columns=tuple(columns[:most]), notes=notes, columns_left_out=max(0, len(columns) - most))

    @classmethod
    def of_rows(cls, rows: Sequence[RowEvidence], **notes: Any) -> "Evidence":
        """The first of some rows; the others are counted."""
        return cls(rows=tuple(rows[:MOST_EVIDENCE]), notes=notes, rows_left_out=max(0, len(rows) - MOST_EVIDENCE))

    def relocate(self, positions: np.ndarray) -> "Evidence":
        """The same about a batch of which the rows at these positions were measured, int of shape (measured rows,)."""

        def place(rows: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(int(positions[row]) for row in rows)

        return replace(
            self,
            columns=tuple(replace(each, rows=place(each.rows)) for each in self.columns),
            rows=tuple(replace(each, rows=place(each.rows)) for each in self.rows),
        )


NO_EVIDENCE = Evidence()
