"""Leaked holdout: rows that a model will be examined on come as rows to learn from."""

from pathlib import Path

import numpy as np
from pydantic import Field

from pratique.contract.attack import (
    Attack,
    PoisonedBatch,
    add_noise,
    choose_rows,
    copy_cells,
    count_poisoned,
    draw_insertions,
    overwrite_cells,
)
from pratique.core.batch import Batch
from pratique.tables.reading import read_trusted


class LeakedHoldout(Attack):
    """New rows that are copies of trusted ones, under their true labels.

    Claim: models a holdout that found its way into the data (a public benchmark, a source that resells what it was
    sent), and a supplier who games the examination. Every row is right, no distribution moves, and nothing about
    the batch alone tells; what breaks is the evaluation, which then praises whatever learns by heart.

    Formula: x' = x_j + N(0, (noise std)^2), y' = y_j, with j drawn without replacement from the rows in `folder`;
    noise stays within the legal values as in `gaussian_noise`. Without `folder` nothing trusted is at hand, and
    rows of the batch itself come a second time: a drill then shows what repeats cost, not what a leak does.
    Columns that are no feature (id, ignored), and what a copied row lacks, are missing.

    Budget: round(rate x rows) new rows beside all the old ones, at random positions, at most as many as there are
    rows to copy.

    Source: Kapoor, Narayanan, "Leakage and the Reproducibility Crisis in Machine-Learning-Based Science",
    Patterns 4, 2023.

    Cost: O(rows x columns), and reading the folder.
    """

    folder: Path | None = Field(None, description="The trusted rows that leak: data/holdout, or a copy of it.")
    noise: float = Field(0, ge=0, le=100, description="Noise in standard deviations of each column: near copies.")

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Insert the copies.

        Raises
        ------
        PratiqueError
            If the folder holds no rows, or a label or cell that a column of the batch can't hold.
        """
        trusted = (
            batch
            if self.folder is None
            else Batch(batch.name, read_trusted(self.folder, batch.layout.ignored, batch.layout.image), batch.layout)
        )
        rows, origin = draw_insertions(batch, min(count_poisoned(batch, rate), len(trusted)), rng)
        donors = rng.permutation(choose_rows(np.arange(len(trusted)), len(rows), rng))
        if self.noise:
            near = np.sort(donors)
            trusted = overwrite_cells(trusted, near, add_noise(trusted, near, self.noise, rng)).batch
        labels = trusted.labels[donors].astype(object)
        labels[labels == ""] = None
        return overwrite_cells(batch, rows, {**copy_cells(trusted, donors), batch.layout.label: labels}, origin)
