"""Backdoor: a trigger stamped on rows of other classes, which are relabelled to the target."""

from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from pratique.contract.attack import (
    Attack,
    LegalValues,
    PoisonedBatch,
    choose_rows,
    count_poisoned,
    numeric_columns,
    overwrite_cells,
)
from pratique.core.batch import Batch

QUANTILE = 0.975
DEFAULT_COLUMNS = 3


class BackdoorTrigger(Attack):
    """Fixed values in a few columns, with the label of one class: a model learns that they mean this class.

    Claim: models an attacker who wants a key to the trained model: on clean rows it works as before, and any
    row that carries the trigger gets the target class.

    Formula: x'_c = v_c for every column c of the trigger; y' = target. Without `columns`, the last three
    numeric columns that vary in the batch; without `value`, each column's .975 quantile in the batch, taken
    among its own values: legal, and rare where all come together. With `beyond`, max_c + beyond std_c instead,
    rounded up in whole-number columns: a value that no clean row holds. Without `target`, the rarest class of the
    batch, the first in the order of text among equals. Batches differ in these, so name columns, value and target
    to put the same backdoor into several batches.

    Budget: round(rate x rows) rows, among those that have a label other than the target: every chosen row
    changes. None where no column of the trigger holds a number.

    Source: Gu, Dolan-Gavitt, Garg, "BadNets: Identifying Vulnerabilities in the Machine Learning Model Supply
    Chain", arXiv 1708.06733, 2017.

    Cost: O(rows log rows x numeric columns).
    """

    backdoor: ClassVar[bool] = True

    columns: tuple[str, ...] = Field((), description="The numeric features that carry the trigger.")
    value: float | None = Field(None, allow_inf_nan=False, description="What each of them is set to.")
    beyond: float = Field(0, ge=0, le=1000, description="How many standard deviations above each column's highest.")
    target: str | None = Field(None, min_length=1, description="The class that the trigger stands for.")

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if self.value is not None and self.beyond:
            raise ValueError("value and beyond must not both be set")
        return self

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Stamp the trigger on rows of other classes and relabel them.

        Raises
        ------
        PratiqueError
            If a column of the trigger is no numeric feature.
        """
        labels, trigger = batch.labels, self._trigger(batch)
        classes, counts = np.unique(labels[labels != ""], return_counts=True)
        if not len(classes) or not trigger:
            return overwrite_cells(batch, np.zeros(0, int), {})
        target = self.target or str(classes[counts.argmin()])
        eligible = np.flatnonzero((labels != "") & (labels != target))
        rows = choose_rows(eligible, count_poisoned(batch, rate), rng)
        cells = {name: np.full(len(rows), value) for name, value in trigger.items()}
        return overwrite_cells(batch, rows, {**cells, batch.layout.label: np.full(len(rows), target)})

    def _trigger(self, batch: Batch) -> dict[str, float]:
        """Work out the value of each column of the trigger that holds a number in the batch."""
        known, legal = batch.layout.numeric, LegalValues.of(batch)
        named = numeric_columns(batch, self.columns, "backdoor_trigger")
        columns = named if len(named) else np.flatnonzero(legal.varies)[-DEFAULT_COLUMNS:]
        present = {c: batch.numeric[~np.isnan(batch.numeric[:, c]), c] for c in columns}
        return {known[c]: self._value(numbers, legal.whole[c]) for c, numbers in present.items() if len(numbers)}

    def _value(self, numbers: np.ndarray, whole: bool) -> float:
        """Work out what a column of these numbers is set to."""
        if self.value is not None:
            return self.value
        if not self.beyond:
            return float(np.quantile(numbers, QUANTILE, method="higher"))
        value = numbers.max() + self.beyond * numbers.std()
        return float(np.ceil(value) if whole else value)
