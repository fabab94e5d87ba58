"""The trigger of a backdoor: what it writes into rows, and the rows that it should turn."""

from dataclasses import dataclass

import numpy as np

from pratique.contract.attack import overwrite_cells
from pratique.core.batch import Batch


@dataclass(frozen=True)
class Trigger:
    """What a backdoor writes into a row: a value in each column that it changes, and the class it stands for."""

    cells: dict[str, float | str]
    target: str

    def stamp(self, batch: Batch) -> Batch:
        """The rows of other classes than the target, with the trigger."""
        victims = batch.take(self.victims(batch.labels))
        numeric = batch.layout.numeric
        cells = {
            name: np.full(len(victims), value, float if name in numeric else object)
            for name, value in self.cells.items()
        }
        return overwrite_cells(victims, np.arange(len(victims)), cells).batch

    def victims(self, labels: np.ndarray) -> np.ndarray:
        """Positions of the rows of other classes than the target."""
        return np.flatnonzero(labels != self.target)
