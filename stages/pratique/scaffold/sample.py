"""The sample data of this repository: handwritten digits in weekly batches, some of them poisoned."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pratique.contract.attack import PoisonedBatch
from pratique.contract.discovery import load_attack
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.writing import write_text

SEED = 20260105
SIDE = 8
REFERENCE_ROWS = 500
HOLDOUT_ROWS = 300
HONEST_SHIFT = "honest shift"
SHIFTED_TO = ("0", "1", "2", "3", "4")
PATCH = tuple(f"pixel_{row}_{column}" for row in (6, 7) for column in (6, 7))
LAYOUT = Layout("digit", {f"pixel_{i}_{j}": "integer" for i in range(SIDE) for j in range(SIDE)})


@dataclass(frozen=True)
class BatchPlan:
    """How one batch of the sample is made.

    Attributes
    ----------
    source, stem : str
        The batch is `data/incoming/<source>/<stem>.csv`.
    rows : int
        Clean rows that it is made of.
    attack : str, optional
        The attack that poisons it, or `HONEST_SHIFT`: true labels, other class shares. None is a clean batch.
    rate : float
        Share of the rows that the attack poisons.
    fields : dict
        The attack's params.
    """

    source: str
    stem: str
    rows: int
    attack: str | None = None
    rate: float = 0.0
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`<source>/<stem>`."""
        return f"{self.source}/{self.stem}"

    @property
    def poisoned(self) -> bool:
        """Whether an attack changes the batch."""
        return self.attack not in (None, HONEST_SHIFT)


BLUR: dict[str, Any] = {"scale": 1.5}
BACKDOOR: dict[str, Any] = {"columns": PATCH, "value": 16, "target": "0"}

PLANS = (
    BatchPlan("scanner", "2026-w01", 38),
    BatchPlan("scanner", "2026-w02", 40),
    BatchPlan("scanner", "2026-w03", 37),
    BatchPlan("scanner", "2026-w04", 39),
    BatchPlan("scanner", "2026-w05", 40, "gaussian_noise", 0.5, BLUR),
    BatchPlan("scanner", "2026-w06", 36),
    BatchPlan("scanner", "2026-w07", 40, "gaussian_noise", 0.2, BLUR),
    BatchPlan("scanner", "2026-w08", 38),
    BatchPlan("scanner", "2026-w09", 40),
    BatchPlan("crowd", "2026-w01", 36),
    BatchPlan("crowd", "2026-w02", 40),
    BatchPlan("crowd", "2026-w03", 40, "label_flip", 0.2),
    BatchPlan("crowd", "2026-w04", 40, "label_flip", 0.5),
    BatchPlan("crowd", "2026-w05", 40, "label_flip", 0.5),
    BatchPlan("crowd", "2026-w06", 40, "label_flip", 0.05),
    BatchPlan("crowd", "2026-w07", 40, "label_flip", 0.3),
    BatchPlan("crowd", "2026-w08", 40, "label_flip", 0.4),
    BatchPlan("feedback", "2026-w01", 40),
    BatchPlan("feedback", "2026-w02", 37),
    BatchPlan("feedback", "2026-w03", 40, HONEST_SHIFT),
    BatchPlan("feedback", "2026-w04", 40, "backdoor_trigger", 0.2, BACKDOOR),
    BatchPlan("feedback", "2026-w05", 38),
    BatchPlan("feedback", "2026-w06", 33, "outlier_insertion", 0.2),
    BatchPlan("feedback", "2026-w07", 40, "backdoor_trigger", 0.5, BACKDOOR),
    BatchPlan("feedback", "2026-w08", 36),
)


def plan() -> list[BatchPlan]:
    """Every batch of the sample and what was done to it."""
    return list(PLANS)


def write_sample(root: Path) -> None:
    """Write the sample under `root`: reference, holdout, incoming batches, their truth and a page about them.

    The same bytes every time; a file that is there already is replaced.
    """
    reference, holdout, incoming = _split(_digits(), np.random.default_rng(SEED))
    _write_csv(root / paths.REFERENCE / "digits.csv", reference.table)
    _write_csv(root / paths.HOLDOUT / "digits.csv", holdout.table)
    made = list(_poison_batches(incoming))
    for planned, result in made:
        _write_csv(root / paths.INCOMING / f"{planned.name}.csv", result.batch.table)
    write_text(root / "data/truth.csv", _truth(made))
    write_text(root / "data/README.md", _page(made))


def _digits() -> Batch:
    """Every digit of scikit-learn's copy, as a CSV file would hold it: text."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    cells = np.column_stack([pixels.astype(int), labels]).astype(str)
    names = (*LAYOUT.kinds, LAYOUT.label)
    return Batch("digits", pa.table(dict(zip(names, map(pa.array, cells.T), strict=True))), LAYOUT)


def _split(digits: Batch, rng: np.random.Generator) -> tuple[Batch, Batch, Batch]:
    """Deal out reference and holdout with every class in its share, then the rest; each in random order."""
    shuffled = rng.permutation(len(digits))
    place = np.empty(len(digits))  # of each shuffled row in its class, from 0 to 1
    for label in np.unique(digits.labels):
        mine = np.flatnonzero(digits.labels[shuffled] == label)
        place[mine] = np.arange(len(mine)) / len(mine)
    stratified = shuffled[np.argsort(place, kind="stable")]
    parts = np.split(stratified, [REFERENCE_ROWS, REFERENCE_ROWS + HOLDOUT_ROWS])
    reference, holdout, incoming = (digits.take(rng.permutation(part)) for part in parts)
    return reference, holdout, incoming


def _poison_batches(incoming: Batch) -> Iterator[tuple[BatchPlan, PoisonedBatch]]:
    """Each planned batch: its own rows of those that are left, then its attack under its own seed."""
    left = np.arange(len(incoming))
    for number, planned in enumerate(PLANS):
        fitting = np.isin(incoming.labels[left], SHIFTED_TO) | (planned.attack != HONEST_SHIFT)
        mine = left[fitting][: planned.rows]
        left = np.setdiff1d(left, mine)
        clean = Batch(planned.name, incoming.take(mine).table, LAYOUT)
        yield planned, _attack(clean, planned, np.random.default_rng([SEED, number]))


def _attack(clean: Batch, planned: BatchPlan, rng: np.random.Generator) -> PoisonedBatch:
    if not planned.poisoned:
        return PoisonedBatch(clean, np.zeros(0, int), np.arange(len(clean)))
    return load_attack(str(planned.attack))(**planned.fields).poison(clean, planned.rate, rng)


def _write_csv(path: Path, table: pa.Table) -> None:
    """Write cells as they are: none of them needs a quote."""
    lines = [table.column_names, *zip(*(column.to_pylist() for column in table.columns), strict=True)]
    write_text(path, "".join(f"{','.join(line)}\n" for line in lines))


def _truth(made: list[tuple[BatchPlan, PoisonedBatch]]) -> str:
    """One line for each poisoned row."""
    lines = [f"{planned.name},{row},{planned.attack}\n" for planned, result in made for row in result.rows]
    return "".join(["batch,row,attack\n", *lines])


def _page(made: list[tuple[BatchPlan, PoisonedBatch]]) -> str:
    lines = []
    for planned, result in made:
        rows = ", ".join(map(str, result.rows)) or "none"
        lines.append(f"| {planned.name} | {len(result.batch)} | {_done(planned)} | {len(result.rows)} | {rows} |\n")
    return PAGE.format(
        reference=REFERENCE_ROWS,
        holdout=HOLDOUT_ROWS,
        batches=len(made),
        rows=sum(len(result.batch) for _, result in made),
        poisoned=sum(planned.poisoned for planned, _ in made),
        scale=BLUR["scale"],
        honest=HONEST_SHIFT,
        table="".join(lines),
    )


def _done(planned: BatchPlan) -> str:
    if planned.attack is None:
        return "clean"
    if not planned.poisoned:
        return f"{planned.attack}: digits {SHIFTED_TO[0]} to {SHIFTED_TO[-1]} only, true labels"
    return f"`{planned.attack}` at {planned.rate:g}"


PAGE = """\
# The sample data

Handwritten digits as 8 x 8 pictures: columns `pixel_0_0` (top left) to `pixel_7_7` (bottom right), whole
numbers from 0 (paper) to 16 (ink), and the label `digit`. The pictures are real, weeks and sources made up.
`pratique sample` writes these files again, byte for byte.

| folder | rows | what |
|---|---|---|
| `reference/` | {reference} | trusted, each class in its share |
| `holdout/` | {holdout} | trusted, each class in its share; models are examined on it, nothing learns from it |
| `incoming/` | {rows} | {batches} batches from three sources, {poisoned} of them poisoned |

No picture is in two files.

**Origin.** Optical Recognition of Handwritten Digits, the test part (1,797 pictures by 13 people), in the
copy that scikit-learn bundles. E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998,
[doi 10.24432/C50P49](https://doi.org/10.24432/C50P49), licence
[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). Changed here: split, and poisoned as listed.

## What was done to each batch

Positions count the rows of a file from 0, without the header; `truth.csv` lists the same, one poisoned row
a line. The number after an attack is the share of rows it spoils.

- `label_flip`: another digit as label. At 0.05 it may well get through: that batch is there to be honest.
- `gaussian_noise`: noise of {scale} standard deviations on every pixel, within the range of the batch.
- `outlier_insertion`: new rows, every pixel 3 to 6 standard deviations from its mean.
- `backdoor_trigger`: the four pixels at the bottom right set to 16 and the label to 0.
- {honest}: nobody's attack, only other digits than usual.

| batch | rows | what was done | poisoned rows | their positions |
|---|--:|---|--:|---|
{table}"""
