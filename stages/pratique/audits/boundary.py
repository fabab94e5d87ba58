"""The boundary: how soon an outsider knows the model's decision, and what a row must change to cross it."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.attack import overwrite_cells
from pratique.contract.audit import Audit, Audited, AuditFinding, AuditTable, Predictor
from pratique.core.batch import Batch
from pratique.statistics.resampling import Estimate
from pratique.tables.encoding import Encoder, space_evenly

QUERIES = (25, 50, 100, 200, 400, 800, 1600)
"""How many answers an outsider has, at each step."""
COPY_AGREEMENT = 0.95
"""Agreement from which on a copy is one."""
COPY_TREES = 50
SWAPPED = 0.5
"""Share of the cells of a query that are another row's."""
MOVED_ROWS = 50
"""Rows of each class that are moved."""
MOVED_COLUMNS = 60
LISTED_COLUMNS = 5
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Of the reference: the values that a number is changed to."""


class Boundary(Audit):
    """How many answers give the model away, and how far a row is from another answer.

    Claim: an upper bound of what it takes to copy the model from outside, and to turn its answer by one cell. Another
    outsider may be more clever.

    Rule: queries are trusted rows, half of whose cells are those of other trusted rows. A random forest learns the
    model's answers to the first n of them; `queries_to_copy` is the first n at which it says what the model says on
    95 % of the holdout. Each feature of up to 50 rows of each predicted class is changed to quantiles of the reference,
    or to each other level that it has: `one_cell` is the share of rows that one change moves into another class.

    Source: Tramèr et al., "Stealing machine learning models via prediction APIs", USENIX Security 2016.

    Cost: seven forests of at most 1,600 rows; 50 x columns x 7 predictions for each class.
    """

    title: ClassVar[str] = "How the decision can be copied and crossed"
    meanings: ClassVar[dict[str, str]] = {
        "queries_to_copy": "answers from which an outsider can copy the model to 95 % agreement; more is safer",
        "one_cell": "rows called so that one changed cell moves into another class",
    }
    remedies: ClassVar[dict[str, str]] = {
        "queries_to_copy": "Answer with labels alone, and limit how often one sender may ask. Another model may help: "
        "set `train.model` in params.yaml, then `dvc repro`.",
        "one_cell": "Take out the features below that a sender sets at will: name them under `data.ignore` in "
        "params.yaml and expectations/columns.yaml, then `dvc repro`.",
    }

    queries: int = Field(QUERIES[-1], ge=QUERIES[0], description="Answers that an outsider has, at most.")
    levels: int = Field(10, ge=1, le=100, description="Levels that a cell of text is changed to, at most.")

    def measure(self, audited: Audited, rng: np.random.Generator) -> AuditFinding:
        """Copy the model, then move rows over its line."""
        counts = [count for count in QUERIES if count <= self.queries]
        figures = {"queries_to_copy": _copy(audited, counts, rng)}
        reasons = []
        if figures["queries_to_copy"].value >= counts[-1]:
            reasons.append(f"{counts[-1]:,} answers are the most that were tried.")
        tables = []
        said = audited.model.predict(audited.holdout)
        for label, shown in audited.show_classes().items():
            rows = audited.holdout.take(np.flatnonzero(said == label)[:MOVED_ROWS])
            if len(rows):
                moves = dict(_list_moves(audited.model, rows, audited.reference, label, self.levels))
                moved = np.isfinite(list(moves.values())).any(axis=0)
                figures[f"one_cell[{shown}]"] = Estimate.of_share(int(moved.sum()), len(rows))
                tables.append(_tell_moves(moves, shown))
        return AuditFinding(figures, tuple(reasons), tables=tuple(tables))


def _copy(audited: Audited, counts: Sequence[int], rng: np.random.Generator) -> Estimate:
    """The first number of answers at which a copy agrees; as its interval, at which its agreement may, and must."""
    from sklearn.ensemble import RandomForestClassifier

    queries, seed = _make_queries(audited.reference, counts[-1], rng), int(rng.integers(2**31))
    encoder, rows = Encoder.fit(audited.reference), audited.sample_holdout()
    points, answers = encoder.transform(queries), audited.model.predict(queries)
    asked, wanted = encoder.transform(rows), audited.model.predict(rows)
    agreements = []
    for count in counts:
        copy = RandomForestClassifier(COPY_TREES, random_state=seed, n_jobs=1).fit(points[:count], answers[:count])
        agreements.append(Estimate.of_share(int((copy.predict(asked) == wanted).sum()), len(wanted)))

    def first(shares: list[float]) -> float:
        reached = (count for count, share in zip(counts, shares, strict=True) if share >= COPY_AGREEMENT)
        return float(next(reached, counts[-1]))

    ends = [first([getattr(each, end) for each in agreements]) for end in ("value", "high", "low")]
    return Estimate(*ends)


def _make_queries(reference: Batch, count: int, rng: np.random.Generator) -> Batch:
    """Rows that nobody has: trusted ones with cells of others."""
    mine, theirs = (rng.integers(len(reference), size=count) for _ in range(2))
    rows, others = reference.take(mine), reference.take(theirs)
    swap = rng.random((count, len(reference.layout.kinds))) < SWAPPED
    cells: dict[str, np.ndarray] = {}
    for place, column in enumerate(reference.layout.kinds):
        if column in reference.layout.numeric:
            cells[column] = np.where(swap[:, place], others.numbers(column), np.nan)
        else:
            cells[column] = np.where(swap[:, place], others.texts(column), np.full(count, None))
    return overwrite_cells(rows, np.arange(count), cells).batch


def _list_moves(
    model: Predictor, rows: Batch, reference: Batch, label: str, levels: int
) -> Iterator[tuple[str, np.ndarray]]:
    """What it costs each row to leave its class by each column: standard deviations, 1 for a level; or infinity."""
    columns = list(reference.layout.kinds)
    for column in (columns[place] for place in space_evenly(len(columns), MOVED_COLUMNS)):
        numeric = column in reference.layout.numeric
        values = _list_values(reference, column, levels)
        if not len(values):
            continue
        cells = np.repeat(values, len(rows))
        tried = rows.take(np.tile(np.arange(len(rows)), len(values)))
        changed = overwrite_cells(tried, np.arange(len(tried)), {column: cells}).batch
        if numeric:
            std = float(np.nanstd(reference.numbers(column))) or 1.0
            costs = np.abs(np.nan_to_num(changed.numbers(column) - tried.numbers(column), nan=np.inf)) / std
        else:
            costs = (changed.texts(column) != tried.texts(column)).astype(float)
        costs = np.where((model.predict(changed) != label) & (costs > 0), costs, np.inf)
        yield column, costs.reshape(len(values), len(rows)).min(axis=0)


def _list_values(reference: Batch, column: str, levels: int) -> np.ndarray:
    """The legal values that a cell is changed to."""
    if column in reference.layout.numeric:
        known = reference.numbers(column)
        known = known[~np.isnan(known)]
        return np.unique(np.quantile(known, QUANTILES, method="nearest")) if len(known) else known
    counts = reference.level_counts[column]
    common = sorted((name for name in counts if name), key=lambda name: -counts[name])[:levels]
    return np.array(common, object)


def _tell_moves(moves: dict[str, np.ndarray], shown: str) -> AuditTable:
    """The columns by which most rows leave their class, and how far a row moves in the middle."""
    shares = {column: float(np.isfinite(costs).mean()) for column, costs in moves.items()}
    first = sorted((column for column in shares if shares[column]), key=lambda column: -shares[column])
    lines = tuple(
        (column, f"{shares[column]:.0%}", f"{np.median(moves[column][np.isfinite(moves[column])]):.2g}")
        for column in first[:LISTED_COLUMNS]
    )
    head = ("column", "rows that it moves", "by standard deviations, 1 for another level")
    return AuditTable(f"What moves rows out of '{shown}'", head, lines)
