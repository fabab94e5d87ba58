"""Pair flips: the rows of each class pass for rows of one other class, always the same."""

from typing import Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from pratique.attacks.support.balance import Balanced, add_in_proportion, rank_in_class
from pratique.contract.attack import (
    Added,
    Attack,
    PoisonedBatch,
    count_poisoned,
    insert_beside,
    overwrite_cells,
    rewrite_cells,
)
from pratique.core.batch import Batch


class PairFlip(Attack):
    """Labels replaced by the one class that theirs is mistaken for.

    Claim: models annotators who mix up the same two classes again and again, and an attacker who concentrates
    flips where one boundary runs: all of them pull it in one direction, where uniform flips spread over many. With
    two classes it is the same as flipping all to all others.

    Formula: y' = becomes(y). Without `becomes`, the next class of the batch in the order of text, and the first
    for the last. With it, rows of the classes that it names only: {cat: dog, dog: cat} flips one pair both ways. With
    `balanced` every class of a cycle gives as many rows as the others. With `added`, too, the labels of the copies are
    shared out over the classes as those of the batch are; a class that nothing becomes gets true copies.

    Budget: round(rate x rows) rows, among those that have a label which becomes another; none where the batch
    holds a single class and `becomes` is not given. With `balanced` alone, as many rows of each class of a cycle as the
    rarest of them has; what is left of the budget for the last rows of a cycle puts two classes off by one row.

    Source: Han et al., "Co-teaching: Robust Training of Deep Neural Networks with Extremely Noisy Labels",
    NeurIPS 2018, whose pair flipping turns each class into the next.

    Cost: O(rows x classes); balanced O(rows log rows).
    """

    becomes: dict[str, str] = Field({}, description="Which class becomes which, instead of each the next.")
    added: Added = False
    balanced: Balanced = False

    @field_validator("becomes")
    @classmethod
    def _differs(cls, becomes: dict[str, str]) -> dict[str, str]:
        if any("" in pair or pair[0] == pair[1] for pair in becomes.items()):
            raise ValueError("a class must become another one")
        return becomes

    @model_validator(mode="after")
    def _goes_round(self) -> Self:
        if self.balanced and set(self.becomes) != set(self.becomes.values()):
            raise ValueError("balanced: each class that becomes another must be what another becomes")
        return self

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Relabel the chosen rows."""
        classes = np.unique(batch.labels[batch.labels != ""])
        becomes = self.becomes or dict(zip(classes, np.roll(classes, -1), strict=True))
        if self.balanced:
            return self._balance(batch, becomes, count_poisoned(batch, rate) if len(classes) > 1 else 0, rng)
        flipped = np.full(len(batch), None)
        for source, target in becomes.items():
            flipped[batch.labels == source] = str(target)
        poisoned = rewrite_cells(batch, {batch.layout.label: flipped}, rate, rng)
        return insert_beside(batch, poisoned, rng) if self.added else poisoned

    def _balance(self, batch: Batch, becomes: dict[str, str], count: int, rng: np.random.Generator) -> PoisonedBatch:
        labels = batch.labels
        if self.added:
            given = {target: source for source, target in becomes.items()}
            return add_in_proportion(
                batch, count, lambda name: rng.permutation(np.flatnonzero(labels == given.get(name, ""))), rng
            )
        rows = np.sort(_take_rounds(labels, becomes, rng)[:count])
        return overwrite_cells(batch, rows, {batch.layout.label: np.array([becomes[name] for name in labels[rows]])})


def _take_rounds(labels: np.ndarray, becomes: dict[str, str], rng: np.random.Generator) -> np.ndarray:
    """Rows in rounds, one of every class of every cycle in each, as long as none of a cycle's classes runs out."""
    codes = np.unique(labels, return_inverse=True)[1]
    ranks = rank_in_class(codes, rng.permutation(len(labels)))
    places = np.full((len(labels), 2), -1)
    for number, cycle in enumerate(_list_cycles(becomes)):
        members = [np.flatnonzero(labels == name) for name in np.roll(cycle, rng.integers(len(cycle)))]
        fewest = min(map(len, members))
        for step, rows in enumerate(members):
            places[rows[ranks[rows] < fewest]] = number, step
    rows = np.flatnonzero(places[:, 0] >= 0)
    return rows[np.lexsort((places[rows, 1], places[rows, 0], ranks[rows]))]


def _list_cycles(becomes: dict[str, str]) -> list[list[str]]:
    """The classes that become each other in turn.

    Examples
    --------
    >>> _list_cycles({"a": "c", "b": "d", "c": "a", "d": "b"})
    [['a', 'c'], ['b', 'd']]
    """
    cycles: list[list[str]] = []
    for start in sorted(becomes):
        if not any(start in cycle for cycle in cycles):
            cycle = [start]
            while becomes[cycle[-1]] != start:
                cycle.append(becomes[cycle[-1]])
            cycles.append(cycle)
    return cycles
