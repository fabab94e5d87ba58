"""Batches dealt out of accepted rows, the poison in some of them, and its trigger if it plants one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pratique.contract.attack import Attack, PoisonedBatch
from pratique.contract.trigger import Trigger
from pratique.core.batch import Batch
from pratique.statistics.two_sample import kullback_leibler


@dataclass(frozen=True)
class Deal:
    """Accepted rows that are dealt out to batches, which come in once more.

    Attributes
    ----------
    stream : Batch
        The rows of all batches, batch by batch: first those that come in poisoned. A verdict depends on its batch
        alone, so the order of the batches matters to nobody.
    owner : ndarray of int, shape (rows of the stream,)
        The number of each row's batch, from 0.
    positions : ndarray of int, shape (rows of the stream,)
        Where each row of the stream stands among the accepted rows.
    spoiled : int
        How many batches come in poisoned.
    """

    stream: Batch
    owner: np.ndarray
    positions: np.ndarray
    spoiled: int

    @classmethod
    def of(cls, accepted: Batch, batches: int, rows: int, poisoned_batches: float, rng: np.random.Generator) -> "Deal":
        """Deal out `batches` batches of `rows` rows, or as many as there are; each keeps the order of its rows.

        The share `poisoned_batches` of them, rounded half up and at least one, comes in poisoned.
        """
        chosen = rng.permutation(len(accepted))[: batches * rows]
        parts = [np.sort(part) for part in np.array_split(chosen, max(1, -(-len(chosen) // rows)))]
        positions = np.concatenate(parts)
        owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        return cls(accepted.take(positions), owner, positions, max(1, int(poisoned_batches * len(parts) + 0.5)))

    @property
    def target(self) -> Batch:
        """The rows of the batches that come in poisoned, as they were before."""
        return self.stream.take(np.flatnonzero(self.owner < self.spoiled))

    def poison(self, attack: Attack, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """The stream, with poison in the batches that come in poisoned."""
        poisoned, rest = attack.poison(self.target, rate, rng), np.flatnonzero(self.owner >= self.spoiled)
        together = poisoned.batch.append(self.stream.take(rest))
        return PoisonedBatch(together, poisoned.rows, np.concatenate([poisoned.origin, rest]))

    def batches(self, poisoned: PoisonedBatch) -> list[np.ndarray]:
        """The rows of each batch in the poisoned stream; an inserted row comes with the row before it."""
        owner = np.where(poisoned.origin >= 0, self.owner[poisoned.origin], 0)
        owner = np.maximum.accumulate(owner)
        return [np.flatnonzero(owner == number) for number in range(int(self.owner.max()) + 1)]


def planted_trigger(attack: Attack, clean: Batch, poisoned: PoisonedBatch) -> Trigger | None:
    """Read the trigger off the rows that carry it; None where the attack plants none."""
    if not attack.backdoor or not len(poisoned.rows):
        return None
    before, after = clean.frame.iloc[poisoned.origin[poisoned.rows]], poisoned.batch.frame.iloc[poisoned.rows]
    first = after.iloc[0]
    stamped = [name for name in clean.layout.kinds if not _same(before[name], after[name])]
    return Trigger({name: first[name] for name in stamped}, str(first[clean.layout.label]))


def _same(before: pd.Series, after: pd.Series) -> bool:
    return bool((before.to_numpy(object) == after.to_numpy(object))[~before.isna().to_numpy(bool)].all())


def describe_features(batch: Batch) -> dict[str, dict[str, float]]:
    """Mean, standard deviation (population), smallest and largest number of each numeric feature.

    Of a personal one nothing is told: its ends are somebody's cells.
    """
    numbers = pd.DataFrame(batch.numeric, columns=list(batch.layout.numeric))
    table = pd.DataFrame(
        {"mean": numbers.mean(), "std": numbers.std(ddof=0), "min": numbers.min(), "max": numbers.max()}
    )
    told = table.drop(index=[name for name in table.index if name in batch.layout.personal])
    return {str(name): {str(key): float(value) for key, value in row.items()} for name, row in told.iterrows()}


def measure_divergence(before: Batch, after: Batch) -> dict[str, float]:
    """How far the numbers of each numeric feature have moved, in nats."""
    pairs = zip(before.layout.numeric, before.numeric.T, after.numeric.T, strict=True)
    return {name: kullback_leibler(*(part[~np.isnan(part)] for part in parts)) for name, *parts in pairs}
