"""How the batches of a sample are made: each by its plan, of rows that no other has, under a seed of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pratique.contract.attack import PoisonedBatch
from pratique.contract.discovery import load_attack
from pratique.core.batch import Batch
from pratique.scaffold.samples.sample import NO_TRUTH, Sample

SEED = 20260105


@dataclass(frozen=True)
class BatchPlan:
    """How one batch of a sample is made.

    Attributes
    ----------
    source, stem : str
        The batch is `data/incoming/<source>/<stem>.csv`.
    rows : int
        Clean rows that it is made of.
    attack : str, optional
        The attack that poisons it.
    rate : float
        Share of the rows that the attack poisons.
    fields : dict
        The attack's params.
    classes : tuple of str
        An honest shift: `share` of the rows are of these classes, under their true labels.
    share : float
    repeats : str, optional
        The name of an earlier batch that is delivered once more, row for row.
    """

    source: str
    stem: str
    rows: int
    attack: str | None = None
    rate: float = 0.0
    fields: dict[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    share: float = 0.0
    repeats: str | None = None

    @property
    def name(self) -> str:
        """`<source>/<stem>`."""
        return f"{self.source}/{self.stem}"

    @property
    def story(self) -> str:
        """What was done to the batch, in words."""
        if self.attack is not None:
            return f"`{self.attack}` at {self.rate:g}"
        if self.repeats is not None:
            return f"{self.repeats} once more"
        if self.classes:
            return f"honest shift: {100 * self.share:g} % are {', '.join(self.classes)}; true labels"
        return "clean"


@dataclass(frozen=True)
class PlannedBatch:
    """A batch that was made by its plan, and the truth about it."""

    plan: BatchPlan
    result: PoisonedBatch


def poison_sample(
    name: str, rows: Batch, trusted: tuple[int, int], plans: Sequence[BatchPlan], sources: str, page: str
) -> Sample:
    """A sample of rows in batches by plan.

    Parameters
    ----------
    name, sources : str
        As in `Sample`.
    rows : Batch
        What there is, each row once.
    trusted : tuple of two int
        Rows of the reference and of the holdout.
    plans : sequence of BatchPlan
    page : str
        data/README.md, with fields for what is counted, and for the `table` of batches.
    """
    reference, holdout, incoming = split(rows, *trusted)
    batches = make_batches(incoming, plans)
    counted = {
        "reference": len(reference),
        "holdout": len(holdout),
        "batches": len(batches),
        "rows": sum(len(made.result.batch) for made in batches),
        "poisoned": sum(plan.attack is not None for plan in plans),
    }
    return Sample(
        name,
        reference.table,
        holdout.table,
        {made.plan.name: made.result.batch.table for made in batches},
        sources,
        page.format(**counted, table=list_stories(batches)),
        list_truth(batches),
    )


def split(rows: Batch, reference: int, holdout: int) -> tuple[Batch, Batch, Batch]:
    """Deal out so many rows to reference and holdout, every class in its share, then the rest; in random order."""
    rng = np.random.default_rng(SEED)
    shuffled = rng.permutation(len(rows))
    place = np.empty(len(rows))  # of each shuffled row in its class, from 0 to 1
    for label in np.unique(rows.labels):
        mine = np.flatnonzero(rows.labels[shuffled] == label)
        place[mine] = np.arange(len(mine)) / len(mine)
    stratified = shuffled[np.argsort(place, kind="stable")]
    parts = np.split(stratified, [reference, reference + holdout])
    trusted, unseen, rest = (rows.take(rng.permutation(part)) for part in parts)
    return trusted, unseen, rest


def make_batches(incoming: Batch, plans: Sequence[BatchPlan]) -> list[PlannedBatch]:
    """Every planned batch, in the order of the plans."""
    batches: dict[str, PlannedBatch] = {}
    left = np.arange(len(incoming))
    for number, plan in enumerate(plans):
        if plan.repeats is not None:
            batches[plan.name] = PlannedBatch(plan, batches[plan.repeats].result)
            continue
        rng = np.random.default_rng([SEED, number])
        mine = np.sort(_take(incoming.labels, left, plan, rng))
        left = np.setdiff1d(left, mine)
        clean = Batch(plan.name, incoming.take(mine).table, incoming.layout)
        batches[plan.name] = PlannedBatch(plan, _poison(clean, plan, rng))
    return list(batches.values())


def _take(labels: np.ndarray, left: np.ndarray, plan: BatchPlan, rng: np.random.Generator) -> np.ndarray:
    """The first rows that are left; an honest shift draws its own, or the next batch would lack what it took."""
    if not plan.classes:
        return left[: plan.rows]
    wanted = np.isin(labels[left], plan.classes)
    count = round(plan.share * plan.rows)
    return np.concatenate(
        [rng.choice(left[wanted], count, replace=False), rng.choice(left[~wanted], plan.rows - count, replace=False)]
    )


def _poison(clean: Batch, plan: BatchPlan, rng: np.random.Generator) -> PoisonedBatch:
    if plan.attack is None:
        return PoisonedBatch(clean, np.zeros(0, int), np.arange(len(clean)))
    return load_attack(plan.attack)(**plan.fields).poison(clean, plan.rate, rng)


def list_truth(batches: Sequence[PlannedBatch]) -> str:
    """data/truth.csv: one line for each poisoned row."""
    return NO_TRUTH + "".join(_truth_lines(batches))


def _truth_lines(batches: Sequence[PlannedBatch]) -> Iterator[str]:
    for made in batches:
        yield from (f"{made.plan.name},{row},{made.plan.attack}\n" for row in made.result.rows)


def list_stories(batches: Sequence[PlannedBatch]) -> str:
    """A table for people: a line for each batch."""
    lines = ["| batch | rows | what was done | poisoned rows | their positions |\n|---|--:|---|--:|---|\n"]
    for made in batches:
        rows = made.result.rows
        positions = ", ".join(map(str, rows)) or "none"
        lines.append(
            f"| {made.plan.name} | {len(made.result.batch)} | {made.plan.story} | {len(rows)} | {positions} |\n"
        )
    return "".join(lines)
