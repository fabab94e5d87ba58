"""The batches of one table and reference, and the truth about them."""

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd

from leaderboard.attacks import ATTACKS, HONEST, Poisoned, poison
from leaderboard.data import Cut
from leaderboard.world import World

CLEAN = "clean"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    references: int
    rates: tuple[float, ...]
    draws: int
    clean: int
    honest: int


SIZES = {
    "quick": Size(references=1, rates=(0.1, 0.2), draws=3, clean=60, honest=6),
    "full": Size(references=2, rates=(0.05, 0.1, 0.2, 0.5), draws=3, clean=100, honest=10),
}


@dataclass(frozen=True)
class Exam:
    """Batches under names that say nothing; `truth` has a line a batch, `poisoned` a mask of its rows."""

    batches: dict[str, pd.DataFrame]
    truth: pd.DataFrame
    poisoned: dict[str, np.ndarray]
    world: World


def make(cut: Cut, table: str, reference: int, size: Size) -> Exam:
    """Draw every batch; the same table, reference and size give the same ones."""
    world = World(cut.pool, crc32(table.encode()))
    made = list(_draw(world, cut.rows, reference, size))
    order = np.random.default_rng([world.seed, reference, 4]).permutation(len(made))
    batches, lines, poisoned = {}, [], {}
    for place, i in enumerate(order):
        attack, rate, draw, (frame, mask) = made[i]
        name = f"batch-{place:04d}"
        batches[name], poisoned[name] = frame, mask
        lines.append({"batch": name, "attack": attack, "rate": rate, "draw": draw})
    return Exam(batches, pd.DataFrame(lines), poisoned, world)


def _draw(world: World, rows: int, reference: int, size: Size) -> Iterator[tuple[str, float, int, Poisoned]]:
    for draw in range(size.clean):
        rng = np.random.default_rng([world.seed, reference, 5, draw])
        yield CLEAN, 0.0, draw, (world.draw(rows, rng).reset_index(drop=True), np.zeros(rows, bool))
    for number, (name, attack) in enumerate((ATTACKS | HONEST).items()):
        honest = name in HONEST
        for rate in (0.0,) if honest else size.rates:
            for draw in range(size.honest if honest else size.draws):
                rng = np.random.default_rng([world.seed, reference, 6, number, round(100 * rate), draw])
                poisoned = poison(world, attack, rate, rows, rng)
                if honest or poisoned[1].any():  # a table may have nothing that an attack could change
                    yield name, rate, draw, poisoned
