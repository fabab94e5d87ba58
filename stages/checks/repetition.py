"""Cells and rows that a batch repeats more often than trusted rows do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from stages.core.batch import Batch
from stages.core.check import CAP, Check, Finding, Fitted
from stages.core.tally import brief

WHOLE_ROW = "the whole row"
FEATURES = "the row without its label"
LONG_ODDS = 1e-12


class Repetition(Check):
    """A value or a row that comes again and again in a batch, and hardly ever in trusted rows, is suspect.

    Claim: finds triggers (the same rare values in many rows), copied rows, relabelled copies and steps onto one
    value, at a few rows in a hundred. It sees nothing where every poisoned row differs in every cell.

    Formula: a value that t > 0 of m trusted rows hold has the rate q = (t + 1) / (m + 2), the mean of its uniform
    posterior; one that none holds, the rate at which two trusted rows agree on a rare value (one that at most
    `rare` of the rows hold), by the rule of three at most (pairs + 3) / (m (m - 1) / 2), and at most 1 / (m + 2). A
    batch from one region of the data may hold it more often: q is taken `margin` times. That c of n rows hold it
    has the chance p = P[Binomial(n, q) >= c], times the number of different values in the column. Whole rows, with
    and without their label, are values too. The statistic is -log10 of the smallest p, times the number of columns.
    A row's bet is on its most repeated value: with p = P[Binomial(n - 1, q) >= c - 1] times the number of columns,
    it wins `stake` p^(stake - 1).

    Source of the bet: Vovk and Wang, "E-values: calibration, combination and applications" (2021).

    Cost: O(rows log rows x columns).
    """

    says: ClassVar[str] = "values or rows come again more often than in trusted rows"

    stake: float = Field(0.3, gt=0, lt=1)
    margin: float = Field(5.0, ge=1, le=100)
    rare: float = Field(0.05, gt=0, lt=1)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedRepetition":
        """Count every value of every numeric column, and equal pairs of rows."""
        known = {name: self._known(cells) for name, cells in _columns(trusted)}
        return FittedRepetition(known, self.stake)

    def _known(self, cells: np.ndarray) -> "Known":
        values, times = np.unique(cells, return_counts=True)
        rows = len(cells)
        few = times[times <= max(1, self.rare * rows)]
        pairs = float((few * (few - 1) / 2).sum())
        unseen = min(1 / (rows + 2), (pairs + 3) / max(1.0, rows * (rows - 1) / 2))
        return Known(values, np.minimum(1.0, self.margin * (times + 1) / (rows + 2)), min(1.0, self.margin * unseen))


@dataclass(frozen=True)
class Known:
    """The values of a column among trusted rows, and the highest honest rate of each and of any other value."""

    values: np.ndarray
    rates: np.ndarray
    unseen: float

    def rate(self, values: np.ndarray) -> np.ndarray:
        """How often a row may hold each of these values."""
        at = np.minimum(np.searchsorted(self.values, values), len(self.values) - 1)
        return np.where(self.values[at] == values, self.rates[at], self.unseen)


@dataclass(frozen=True)
class FittedRepetition(Fitted):
    """How often each value may come."""

    known: dict[str, Known]
    stake: float

    def measure(self, batch: Batch) -> Finding:
        """The most surprising repetition."""
        from scipy.stats import binom

        rows, columns = len(batch), list(_columns(batch))
        chance = np.ones(rows)
        found = []
        for name, cells in columns:
            values, codes, times = np.unique(cells, return_inverse=True, return_counts=True)
            rate = self.known[name].rate(values)
            p_values = np.where(times > 1, binom.sf(times - 1, rows, rate), 1.0) * len(values)
            of_row = np.where(times > 1, binom.sf(times - 2, rows - 1, rate), 1.0)
            chance = np.minimum(chance, of_row[codes])
            best = int(np.argmin(p_values))
            found.append((float(min(1.0, p_values[best])), name, values[best], int(times[best])))
        smallest = max(LONG_ODDS, min((p for p, *_ in found), default=1.0))
        p_rows = np.clip(chance * max(1, len(columns)), LONG_ODDS, 1.0)
        return Finding(
            float(max(0.0, -np.log10(smallest * max(1, len(columns))))),
            "-log10 p, corrected",
            log_e_values=np.log(self.stake) + (self.stake - 1) * np.log(p_rows),
            evidence=self._evidence(found, batch),
        )

    def _evidence(self, found: list[tuple[float, str, Any, int]], batch: Batch) -> dict[str, Any]:
        repeated = sorted((f for f in found if f[3] > 1), key=lambda f: (f[0], f[1]))[:CAP]
        return {
            "most_repeated": [
                {"column": name, "times": times, "chance": p}
                | ({} if name in (WHOLE_ROW, FEATURES, *batch.layout.personal) else {"value": brief(f"{value:g}")})
                for p, name, value, times in repeated
            ]
        }


def _columns(batch: Batch) -> Iterator[tuple[str, np.ndarray]]:
    """The numeric columns, missing cells as numbers of their own, and fingerprints of rows."""
    yield from zip(batch.layout.numeric, np.where(np.isnan(batch.numeric), -np.inf, batch.numeric).T, strict=True)
    cells = pd.DataFrame(batch.numeric).join(pd.DataFrame(batch.categorical.astype(str)).add_prefix("text "))
    yield FEATURES, pd.util.hash_pandas_object(cells, index=False).to_numpy()
    yield WHOLE_ROW, pd.util.hash_pandas_object(cells.assign(label=batch.labels), index=False).to_numpy()
