"""Pair flips: the rows of each class pass for rows of one other class, always the same."""

import numpy as np
from pydantic import Field, field_validator

from pratique.contract.attack import Added, Attack, PoisonedBatch, insert_beside, rewrite_cells
from pratique.core.batch import Batch


class PairFlip(Attack):
    """Labels replaced by the one class that theirs is mistaken for.

    Claim: models annotators who mix up the same two classes again and again, and an attacker who concentrates
    flips where one boundary runs: all of them pull it in one direction, where uniform flips spread over many. With
    two classes it is the same as flipping all to all others.

    Formula: y' = becomes(y). Without `becomes`, the next class of the batch in the order of text, and the first
    for the last. With it, rows of the classes that it names only: {cat: dog, dog: cat} flips one pair both ways.

    Budget: round(rate x rows) rows, among those that have a label which becomes another; none where the batch
    holds a single class and `becomes` is not given.

    Source: Han et al., "Co-teaching: Robust Training of Deep Neural Networks with Extremely Noisy Labels",
    NeurIPS 2018, whose pair flipping turns each class into the next.

    Cost: O(rows x classes).
    """

    becomes: dict[str, str] = Field({}, description="Which class becomes which, instead of each the next.")
    added: Added = False

    @field_validator("becomes")
    @classmethod
    def _differs(cls, becomes: dict[str, str]) -> dict[str, str]:
        if any("" in pair or pair[0] == pair[1] for pair in becomes.items()):
            raise ValueError("a class must become another one")
        return becomes

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Relabel the chosen rows."""
        classes = np.unique(batch.labels[batch.labels != ""])
        becomes = self.becomes or dict(zip(classes, np.roll(classes, -1), strict=True))
        flipped = np.full(len(batch), None)
        for source, target in becomes.items():
            flipped[batch.labels == source] = str(target)
        poisoned = rewrite_cells(batch, {batch.layout.label: flipped}, rate, rng)
        return insert_beside(batch, poisoned, rng) if self.added else poisoned
