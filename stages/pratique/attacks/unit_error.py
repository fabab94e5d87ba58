"""Unit error: one column comes in another unit in some of the rows."""

import numpy as np
from pydantic import Field, field_validator

from pratique.contract.attack import Attack, LegalValues, PoisonedBatch, count_poisoned, numeric_columns, rewrite_cells
from pratique.core.batch import Batch

LARGEST_EXACT = 2.0**53
"""Above it, a float64 no longer holds every whole number."""


class UnitError(Attack):
    """Numbers of one column multiplied by a factor, in some of the rows: centimetres among inches.

    Claim: models a supplier or a release of a sensor that reports in another unit, a lost decimal point, and
    whoever does so on purpose. The range of the column is deliberately not kept.

    Formula: x'_c = factor x_c, rounded in whole-number columns. Without `columns`, one column that varies, drawn
    once for the whole batch among those in which enough rows change for the budget (in which most do, where there
    is none): a column of zeros has no unit.

    Budget: round(rate x rows) rows, among those that change: a zero, a missing or unreadable number, and one whose
    multiple is infinite or, in a whole-number column, 2^53 or beyond, stay as they came.

    Source: Schelter, Rukat, Biessmann, "JENGA: A Framework to Study the Impact of Data Errors on the Predictions
    of Machine Learning Models", EDBT 2021, whose errors include numbers scaled by a power of ten.

    Cost: O(rows x numeric columns).
    """

    factor: float = Field(10.0, gt=0, le=1e6, description="What the numbers are multiplied by.")
    columns: tuple[str, ...] = Field((), description="The numeric features in another unit, instead of a draw.")

    @field_validator("factor")
    @classmethod
    def _changes(cls, factor: float) -> float:
        if factor == 1:
            raise ValueError("factor must not be 1, which changes nothing")
        return factor

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Multiply the numbers of the chosen rows.

        Raises
        ------
        PratiqueError
            If `columns` names one that is no numeric feature.
        """
        columns = numeric_columns(batch, self.columns, "unit_error")
        legal = LegalValues.of(batch)
        scaled = self._scale(batch.numeric, legal.whole)
        varying = np.flatnonzero(legal.varies)
        if not self.columns and len(varying):
            moving = (~np.isnan(scaled) & (scaled != batch.numeric)).sum(axis=0)[varying]
            enough = varying[moving >= min(count_poisoned(batch, rate), moving.max())]
            columns = rng.choice(enough, 1)
        return rewrite_cells(batch, {batch.layout.numeric[c]: scaled[:, c] for c in columns}, rate, rng)

    @np.errstate(over="ignore")
    def _scale(self, numbers: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """Every number times the factor, NaN where that is beyond what a cell can hold."""
        scaled = np.where(whole, np.rint(numbers * self.factor), numbers * self.factor)
        scaled[np.abs(scaled) >= np.where(whole, LARGEST_EXACT, np.inf)] = np.nan
        return scaled
