"""Numbers of a batch compared with those of trusted rows, column by column: what checks of distributions share."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pratique.contract.evidence import ColumnEvidence, Evidence
from pratique.contract.finding import BatchScore
from pratique.core.batch import Batch
from pratique.core.writing import round_floats
from pratique.statistics.empirical import SortedColumns
from pratique.statistics.two_sample import ks_log10_p, population_stability

SHOWN_COLUMNS = 10
"""Columns that the evidence lists, those that moved the most."""
STANDS_OUT = 2.0
"""Corrected -log10 p from which on a column is said to have moved."""
MISSING = "missing (trusted, batch)"
COMPARED_DECIMALS = 9
"""Those that are compared of a number made of a row: beyond them it depends on the rows beside it."""


@dataclass(frozen=True)
class ComparedNumbers:
    """Numbers made of trusted rows, several a row, each increasing: float64 of shape (trusted rows, names)."""

    names: tuple[str, ...]
    known: np.ndarray

    @classmethod
    def of(cls, numbers: dict[str, np.ndarray]) -> "ComparedNumbers":
        """Those of trusted rows from which nothing was learned that makes the numbers."""
        return cls(tuple(numbers), _sort(numbers))

    def compare(self, numbers: dict[str, np.ndarray], batch: Batch) -> BatchScore:
        """The smallest p-value of the two-sample Kolmogorov-Smirnov tests, corrected for their number (Bonferroni)."""
        ordered = _sort(numbers)
        log10_p = ks_log10_p(SortedColumns(self.known), SortedColumns(ordered))
        corrected = -log10_p - np.log10(len(self.names))
        ranked = sorted(range(len(self.names)), key=lambda at: (-corrected[at], self.names[at]))
        evidence = []
        for at in ranked[:SHOWN_COLUMNS]:
            facts = {"log10 p": float(log10_p[at])}
            facts |= describe_numbers(self.known[:, at], ordered[:, at], bool(batch.layout.personal))
            del facts[MISSING]  # what is made of a row is there
            evidence.append(ColumnEvidence((self.names[at],), facts, stands_out=bool(corrected[at] >= STANDS_OUT)))
        left_out = max(0, len(ranked) - SHOWN_COLUMNS)
        return BatchScore(float(corrected[ranked[0]]), Evidence(columns=tuple(evidence), columns_left_out=left_out))


def _sort(numbers: dict[str, np.ndarray]) -> np.ndarray:
    return np.sort(np.column_stack(list(numbers.values())).round(COMPARED_DECIMALS), axis=0)


def deal_halves(rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Positions of trusted rows to learn from, and of others to compare with, which nothing was fitted to."""
    order = rng.permutation(rows)
    return np.sort(order[: rows // 2]), np.sort(order[rows // 2 :])


@np.errstate(over="ignore", invalid="ignore")
def describe_numbers(reference: np.ndarray, batch: np.ndarray, personal: bool) -> dict[str, Any]:
    """What moved in a column of numbers; no mean of a personal one, because that of a single row is its cell."""
    from scipy.stats import wasserstein_distance

    before, after = reference[np.isfinite(reference)], batch[np.isfinite(batch)]
    if not len(before) or not len(after):
        return {MISSING: [1 - len(before) / len(reference), 1 - len(after) / len(batch)]}
    scale = before.std() if before.std() > 0 else 1.0
    facts = {
        "psi": population_stability(before, after),
        "wasserstein": float(wasserstein_distance(before / scale, after / scale)),
        MISSING: [1 - len(before) / len(reference), 1 - len(after) / len(batch)],
    }
    if not personal:
        facts["mean (trusted, batch)"] = [float(before.mean()), float(after.mean())]
        facts["std (trusted, batch)"] = [float(before.std()), float(after.std())]
    return dict(round_floats(facts))  # what overflows, because a number is near 1e308, becomes None
