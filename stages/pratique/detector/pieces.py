"""A large batch in pieces, each of which is examined like a batch, so that memory does not grow with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pyarrow as pa

from pratique.contract.check import RuleCheck
from pratique.contract.discovery import load_check
from pratique.contract.evidence import Evidence
from pratique.core.batch import MOST_ROWS_AT_ONCE, Batch
from pratique.core.sketch import RowSketch
from pratique.detector.examine import RARE_FINDING, Examination, Measurement, examine, measure_whole, measurement_of
from pratique.detector.profile import Profile
from pratique.statistics.mixture import PoisonedShare

Said = TypeVar("Said", str, float)

BLOCK_ROWS = 500
"""Rows that stay together when a batch is dealt: few enough that every piece has rows from all over it, so that one
which is sorted does not look shifted; so many that a block of a column fills a page of memory, which is read once."""


@dataclass(frozen=True)
class Piece:
    """Rows of a batch that are examined together.

    Attributes
    ----------
    rows : ndarray of int
        Their positions in the batch, increasing.
    batch : Batch
        These rows, under the name of the whole.
    """

    rows: np.ndarray
    batch: Batch


def examine_in_pieces(batch: Batch, profile: Profile) -> Examination:
    """Measure a batch with every check of the profile; one of more than `MOST_ROWS_AT_ONCE` rows in pieces.

    Declared rules are held against all rows together: some are about the number of rows, or about what comes twice.
    """
    if len(batch) <= MOST_ROWS_AT_ONCE:
        return examine(batch, profile)
    rules = {
        name: measure_whole(check, batch)
        for name, check in profile.checks.items()
        if issubclass(load_check(name), RuleCheck)
    }
    rows, found, content = [], [], np.zeros(len(batch), np.uint64)
    for piece in deal(batch, MOST_ROWS_AT_ONCE):
        broken = {name: finding.take(piece.rows) for name, finding in rules.items()}
        rows.append(piece.rows)
        found.append(examine(piece.batch, profile, broken))
        content[piece.rows] = piece.batch.content
    whole = {name: measurement_of(name, finding, profile, len(batch)) for name, finding in rules.items()}
    joined = join(rows, found)
    measurements = tuple(whole.get(m.check, m) for m in joined.measurements)
    return replace(joined, measurements=measurements, sketch=RowSketch.of(content))


def deal(batch: Batch, most: int) -> Iterator[Piece]:
    """As many pieces as are needed of at most so many rows (a multiple of `BLOCK_ROWS`), dealt block by block."""
    blocks, pieces = -(-len(batch) // BLOCK_ROWS), -(-len(batch) // most)
    for first in range(pieces):
        starts = np.arange(first, blocks, pieces) * BLOCK_ROWS
        rows = (starts[:, None] + np.arange(BLOCK_ROWS)).ravel()
        table = pa.concat_tables([batch.table.slice(start, BLOCK_ROWS) for start in starts.tolist()])
        yield Piece(rows[rows < len(batch)], Batch(batch.name, table.combine_chunks(), batch.layout))


def join(rows: Sequence[np.ndarray], found: Sequence[Examination]) -> Examination:
    """One examination out of those of all pieces of a batch, without its sketch.

    What a check says of the batch is what it says of the piece in which it found the rarest thing, with a p-value that
    allows for the number of pieces (Bonferroni): a batch is judged as strictly as its oddest piece, and a clean one
    alarms no more often than a smaller one.

    Parameters
    ----------
    rows : sequence of ndarray of int
        The positions of each piece's rows.
    found : sequence of Examination
        What was measured of each piece, by one profile.
    """
    by_check = zip(*(each.measurements for each in found), strict=True)
    checks = np.empty(sum(map(len, rows)), dtype=object)
    for where, each in zip(rows, found, strict=True):
        checks[where] = each.row_checks
    return Examination(
        tuple(_join_measurements(rows, each) for each in by_check),
        _gather(rows, [each.row_scores for each in found]),
        _gather(rows, [each.row_p_values for each in found]),
        tuple(checks.tolist()),
        _relocate(rows, [each.unreadable for each in found]),
        _average_share(rows, [each.share for each in found]),
        tuple(map(sum, zip(*(each.bets for each in found), strict=True))),
        found[0].trusted,
    )


def _join_measurements(rows: Sequence[np.ndarray], found: Sequence[Measurement]) -> Measurement:
    """What one check measured of each piece, as a measurement of the whole."""
    oddest = min(range(len(found)), key=lambda i: (found[i].finding.fault is None, found[i].p_value))
    chosen, findings = found[oddest], [each.finding for each in found]
    if chosen.finding.fault is not None:
        return chosen
    shares = [each.share for each in findings if each.share is not None]
    named = [i for i, each in enumerate(found) if i == oddest or len(found) * each.p_value <= RARE_FINDING]
    finding = replace(
        chosen.finding,
        breaches=tuple(dict.fromkeys(breach for each in findings for breach in each.breaches)),
        forbidden=_relocate(rows, [each.forbidden for each in findings]),
        suspects=_relocate([rows[i] for i in named], [findings[i].suspects for i in named]),
        share=_average_share(rows, shares) if shares else None,
        evidence=_say_piece(chosen.finding.evidence, rows, oddest),
    )
    return replace(chosen, finding=finding, p_value=min(1.0, len(found) * chosen.p_value), pieces=len(found))


def _say_piece(evidence: Evidence, rows: Sequence[np.ndarray], oddest: int) -> Evidence:
    """Evidence of one piece as evidence of the batch, which says what it is of."""
    note = f"{len(rows[oddest]):,} rows from all over the batch, in which this stands out the most of {len(rows)} such"
    return replace(evidence.relocate(rows[oddest]), notes={"piece": note, **evidence.notes})


def _gather(rows: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> np.ndarray:
    """Values of the rows of all pieces, each in the place of its row."""
    gathered = np.empty(sum(map(len, rows)), np.result_type(*values))
    for where, each in zip(rows, values, strict=True):
        gathered[where] = each
    return gathered


def _relocate(rows: Sequence[np.ndarray], said: Sequence[Mapping[int, Said]]) -> dict[int, Said]:
    """What was said of rows of pieces, by their positions in the batch."""
    pairs = zip(rows, said, strict=True)
    return dict(sorted((int(where[row]), words) for where, each in pairs for row, words in each.items()))


def _average_share(rows: Sequence[np.ndarray], shares: Sequence[PoisonedShare]) -> PoisonedShare:
    """The share of poisoned rows of all pieces together."""
    weights = [len(where) for where in rows]
    ends = [(each.estimate, each.lowest, each.highest) for each in shares]
    return PoisonedShare(*np.average(ends, axis=0, weights=weights).tolist())
