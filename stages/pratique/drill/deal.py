"""Batches dealt out of trusted rows, the poison in some of them, and its trigger if it plants one."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from pratique.contract.attack import Attack, PoisonedBatch
from pratique.contract.trigger import Trigger
from pratique.core.batch import Batch
from pratique.statistics.two_sample import kullback_leibler


@dataclass(frozen=True)
class Deal:
    """Trusted rows that are dealt out to batches, which come in as if they were new.

    All rows of a batch are of one fold of calibration, and so is what poison in it is made of: the models of that fold
    know neither.

    Attributes
    ----------
    stream : Batch
        The rows of all batches, batch by batch: first those that come in poisoned, so that the stream of their source
        has seen no clean one before them.
    owner : ndarray of int, shape (rows of the stream,)
        The number of each row's batch, from 0.
    positions : ndarray of int, shape (rows of the stream,)
        Where each row of the stream stands in the reference.
    folds : tuple of int
        The fold of each batch; batches of one fold follow one another.
    spoiled : int
        How many batches come in poisoned.
    """

    stream: Batch
    owner: np.ndarray
    positions: np.ndarray
    folds: tuple[int, ...]
    spoiled: int

    @classmethod
    def of(
        cls,
        reference: Batch,
        folds: Sequence[np.ndarray],
        batches: int,
        rows: int,
        poisoned_batches: float,
        rng: np.random.Generator,
    ) -> "Deal":
        """Deal out `batches` batches of `rows` rows, or as many as there are; each keeps the order of its rows.

        No row is dealt twice. A fold of fewer rows than that is one batch. The share `poisoned_batches` of the batches,
        rounded half up and at least one, comes in poisoned.
        """
        dealt: list[tuple[int, np.ndarray]] = []
        for fold in rng.permutation(len(folds)).tolist():
            mine = rng.permutation(folds[fold])
            starts = range(0, max(1, len(mine) - rows + 1), rows)
            dealt += [(fold, np.sort(mine[start : start + rows])) for start in starts]
        used, parts = zip(*dealt[:batches], strict=True)
        positions, owner = np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        spoiled = max(1, int(poisoned_batches * len(parts) + 0.5))
        return cls(reference.take(positions), owner, positions, used, spoiled)

    @property
    def target(self) -> Batch:
        """The rows of the batches that come in poisoned, as they were before."""
        return self.stream.take(np.flatnonzero(self.owner < self.spoiled))

    def poison(self, attack: Attack, rate: float, seed: Sequence[int]) -> "PoisonedStream":
        """The stream, with poison in the batches that come in poisoned; the same draws for those of each fold."""
        together, rows, origins, owners = self.stream.take(np.zeros(0, int)), [], [], []
        for _, group in groupby(range(self.spoiled), key=self.folds.__getitem__):
            numbers = list(group)
            mine = np.flatnonzero(np.isin(self.owner, numbers))
            poisoned = attack.poison(self.stream.take(mine), rate, np.random.default_rng(seed))
            origin = np.where(poisoned.origin >= 0, mine[poisoned.origin], -1)
            rows.append(len(together) + poisoned.rows)
            origins.append(origin)
            owners.append(np.maximum.accumulate(np.where(origin >= 0, self.owner[origin], numbers[0])))
            together = together.append(poisoned.batch)
        rest = np.flatnonzero(self.owner >= self.spoiled)
        whole = PoisonedBatch(
            together.append(self.stream.take(rest)), np.concatenate(rows), np.concatenate([*origins, rest])
        )
        return PoisonedStream(whole, np.concatenate([*owners, self.owner[rest]]))


@dataclass(frozen=True)
class PoisonedStream:
    """A stream with poison in it, and the number of each row's batch; an inserted row comes with the row before it."""

    poisoned: PoisonedBatch
    owner: np.ndarray

    @property
    def batches(self) -> list[np.ndarray]:
        """The rows of each batch."""
        return [np.flatnonzero(self.owner == number) for number in range(int(self.owner.max()) + 1)]


@dataclass(frozen=True)
class Cleared:
    """What the gate said of a poisoned stream: which rows are poisoned and which are held, and each batch with poison.

    Attributes
    ----------
    bad, held : ndarray of bool, shape (rows of the stream,)
    caught : list of bool
        Whether each batch with poison in it is quarantined.
    """

    bad: np.ndarray
    held: np.ndarray
    caught: list[bool]

    def take_passed(self, stream: PoisonedStream) -> Batch:
        """The rows that a model may learn from."""
        return stream.poisoned.batch.take(np.flatnonzero(~self.held))


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
