"""What an attack is: a seeded way to poison a batch whose truth is then known."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from stages.core.batch import Batch


@dataclass(frozen=True)
class Poisoned:
    """A poisoned copy of a batch, and the truth about it.

    Attributes
    ----------
    batch : Batch
    rows : ndarray of int, sorted
        Positions, in the poisoned batch, of the rows that the attack changed or inserted.
    origin : ndarray of int, shape (rows of the poisoned batch,)
        The position each row had in the clean batch; -1 for an inserted row.
    """

    batch: Batch
    rows: np.ndarray
    origin: np.ndarray


class Attack(BaseModel, ABC):
    """An attack and its params: the fields of a subclass."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @abstractmethod
    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> Poisoned:
        """Poison `budget(batch, rate)` rows, or as many as are eligible; at rate 0 nothing changes."""


def budget(batch: Batch, rate: float) -> int:
    """The number of rows that a rate in [0, 1] stands for, rounded half up."""
    return int(np.floor(rate * len(batch) + 0.5))


def choose(eligible: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Sorted positions of `count` rows drawn without replacement; all of them where fewer are eligible."""
    return np.sort(rng.choice(eligible, min(count, len(eligible)), replace=False))


def changed(batch: Batch, frame: pd.DataFrame, rows: np.ndarray) -> Poisoned:
    """The result of an attack that changes rows in place."""
    return Poisoned(Batch.from_frame(batch.name, frame, batch.layout), rows, np.arange(len(batch)))
