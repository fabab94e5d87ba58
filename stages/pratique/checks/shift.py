"""Distribution shift, column by column, and of the class shares."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from pratique.contract.check import Check, Finding, Fitted
from pratique.contract.tally import shorten
from pratique.core.batch import Batch
from pratique.core.writing import round_floats
from pratique.tables.encoding import SortedColumns, missing_as_lowest

PSI_BINS = 10
SHOWN = 10
"""Columns that the evidence lists, those that moved the most."""
SMALLEST_EXPECTED = 1
"""A level expected fewer times than this is pooled with the other rare ones: Cochran's lower bound. Where the
test is liberal at it, the null learned on trusted rows makes up for it."""


class Shift(Check):
    """A column whose distribution differs from the reference's, more than so many columns do by chance.

    Claim: finds moved means, changed spreads, unit errors, new levels, moved class shares and missing cells.
    It does not see single flipped labels or noise that keeps each column's distribution. Honest change moves
    columns too: what a shift alone leads to is the policy's to say (params.yaml: shift.policy).

    Formula: numeric columns by the two-sample Kolmogorov-Smirnov test with Stephens' correction (a missing
    number counts as smaller than every number), categorical columns and the label by the chi-squared test of
    homogeneity with rare levels pooled; statistic = max over columns of -log10 p - log10 (number of columns).
    PSI (deciles of the reference, half a row added to each bin), the Wasserstein distance in reference standard
    deviations, total variation, means and standard deviations are the evidence, not the judge.

    Sources: Stephens, "EDF statistics for goodness of fit" (1974); Cochran, "Some methods for strengthening
    the common chi-squared tests" (1954).

    Cost: O(rows log reference rows) a column.
    """

    says: ClassVar[str] = "columns or class shares have moved"

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedShift":
        """Sort the numeric columns; count the levels of the others."""
        numeric = {name: np.sort(missing_as_lowest(column)) for name, column in _numeric(trusted).items()}
        levels = {name: _counts(column) for name, column in _categorical(trusted).items()}
        return FittedShift(numeric, levels)


@dataclass(frozen=True)
class FittedShift(Fitted):
    """The reference's columns: sorted values with missing as -inf, and counts of levels ('' is missing)."""

    numeric: dict[str, np.ndarray]
    levels: dict[str, dict[str, int]]

    @cached_property
    def known(self) -> SortedColumns:
        """The numeric columns side by side, in the reference's order, which is every batch's."""
        return SortedColumns(np.column_stack(list(self.numeric.values())) if self.numeric else np.empty((1, 0)))

    def measure(self, batch: Batch) -> Finding:
        """The smallest p-value over the columns, corrected for their number."""
        numeric, categorical = _numeric(batch), _categorical(batch)
        surprise = dict(zip(numeric, (-ks_log10_p(self.known, missing_as_lowest(batch.numeric))).tolist(), strict=True))
        for name, column in categorical.items():
            surprise[name] = -chi_squared_log10_p(self.levels[name], _counts(column))
        ranked = sorted(surprise, key=lambda name: (-surprise[name], name))
        columns = [
            {"column": name, "log10_p": -surprise[name]}
            | (
                _numeric_evidence(self.numeric[name], numeric[name])
                if name in numeric
                else _level_evidence(self.levels[name], _counts(categorical[name]), name in batch.layout.personal)
            )
            for name in ranked[:SHOWN]
        ]
        statistic = surprise[ranked[0]] - np.log10(len(surprise))
        return Finding(
            float(statistic),
            "-log10 p, corrected",
            evidence={"columns": columns, "left_out": max(0, len(ranked) - SHOWN), "label": batch.layout.label},
        )


def ks_log10_p(reference: SortedColumns, batch: np.ndarray) -> np.ndarray:
    """Common logarithm of the two-sample KS test's asymptotic p-value of each column; it never underflows.

    The gap between two empirical distribution functions is looked at just before and at each value of the batch:
    between two of these the batch's stands still and the reference's only rises, so no gap is larger elsewhere.

    Parameters
    ----------
    reference : Sorted, of shape (trusted rows, columns)
    batch : ndarray, shape (rows, columns)

    Returns
    -------
    ndarray, shape (columns,)
    """
    from scipy.special import kolmogorov

    trusted, rows, own = len(reference.values), len(batch), SortedColumns(np.sort(batch, axis=0))
    pairs = zip(reference.places(own.values), (own.begins, own.ends), strict=True)
    distance = np.max([np.abs(there / trusted - here / rows) for there, here in pairs], axis=(0, 1))
    root = np.sqrt(trusted * rows / (trusted + rows))
    x = distance * (root + 0.12 + 0.11 / root)
    # beyond 3 one term of the series is exact to 1e-23, and its logarithm does not underflow
    return np.where(x > 3, (np.log(2) - 2 * x**2) / np.log(10), np.log10(kolmogorov(np.minimum(x, 3))))


def chi_squared_log10_p(reference: dict[str, int], batch: dict[str, int]) -> float:
    """Common logarithm of the chi-squared homogeneity test's p-value, levels with few expected rows pooled.

    The tail is Wilson and Hilferty's cube-root normal approximation (1931), which never underflows.
    """
    from scipy.special import log_ndtr

    names = sorted({*reference, *batch})
    table = np.array([[reference.get(name, 0) for name in names], [batch.get(name, 0) for name in names]], float)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    rare = (expected < SMALLEST_EXPECTED).any(axis=0)
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    freedom = table.shape[1] - 1
    if freedom < 1:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = ((table - expected) ** 2 / expected).sum()
    spread = 2 / (9 * freedom)
    z = ((statistic / freedom) ** (1 / 3) - (1 - spread)) / np.sqrt(spread)
    return float(log_ndtr(-z) / np.log(10))


def population_stability(reference: np.ndarray, batch: np.ndarray) -> float:
    """PSI over the reference's deciles; half a row is added to each bin, so that an empty one stays finite."""
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, PSI_BINS + 1)[1:-1]))
    shares = []
    for values in (reference, batch):
        counts = np.bincount(np.searchsorted(edges, values, "right"), minlength=len(edges) + 1) + 0.5
        shares.append(counts / counts.sum())
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


@np.errstate(over="ignore", invalid="ignore")
def _numeric_evidence(reference: np.ndarray, batch: np.ndarray) -> dict[str, Any]:
    from scipy.stats import wasserstein_distance

    before, after = reference[np.isfinite(reference)], batch[np.isfinite(batch)]
    if not len(before) or not len(after):
        return {"missing": [1 - len(before) / len(reference), 1 - len(after) / len(batch)]}
    scale = before.std() if before.std() > 0 else 1.0
    evidence = {
        "psi": population_stability(before, after),
        "wasserstein": float(wasserstein_distance(before / scale, after / scale)),
        "mean": [float(before.mean()), float(after.mean())],
        "std": [float(before.std()), float(after.std())],
        "missing": [1 - len(before) / len(reference), 1 - len(after) / len(batch)],
    }
    return dict(round_floats(evidence))  # what overflows, because a number is near 1e308, becomes None


def _level_evidence(reference: dict[str, int], batch: dict[str, int], personal: bool) -> dict[str, Any]:
    before, after = sum(reference.values()), sum(batch.values())
    moved = {n: batch.get(n, 0) / after - reference.get(n, 0) / before for n in sorted({*reference, *batch})}
    largest = sorted(moved, key=lambda name: (-abs(moved[name]), name))[:5]
    evidence: dict[str, Any] = {"total_variation": sum(abs(m) for m in moved.values()) / 2}
    if not personal:
        evidence["levels"] = {shorten(n): [reference.get(n, 0) / before, batch.get(n, 0) / after] for n in largest}
    return evidence


def _numeric(batch: Batch) -> dict[str, np.ndarray]:
    return dict(zip(batch.layout.numeric, batch.numeric.T, strict=True))


def _categorical(batch: Batch) -> dict[str, np.ndarray]:
    columns = dict(zip(batch.layout.categorical, batch.categorical.T, strict=True))
    return {**columns, batch.layout.label: batch.labels}


def _counts(column: np.ndarray) -> dict[str, int]:
    names, counts = np.unique(column.astype(str), return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}
