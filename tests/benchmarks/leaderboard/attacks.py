"""The leaderboard's own attacks, and honest change.

They share nothing with the attacks that the project simulates, so that it is not examined by what it learned from. Each
takes a batch of true rows, the rows to poison and a generator, and returns the batch with the rows that it did poison.
A changed number becomes the nearest one that its column holds (outliers excepted), so that neither a range, nor a whole
number, nor the way it is written gives it away.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from leaderboard.data import LABEL
from leaderboard.world import World

REDRAWN = 0.3
"""The share of a row's level cells that noise draws anew."""
MOVED = 0.3
"""The share of columns that are moved, or that hold one value."""
SWAPPED = 4
"""Columns of a kind that are exchanged: those in which the commonest cell is least common."""


Poisoned = tuple[pd.DataFrame, np.ndarray]
Attack = Callable[[World, pd.DataFrame, np.ndarray, np.random.Generator], Poisoned]


def put(world: World, batch: pd.DataFrame, rows: np.ndarray, name: str, cells: np.ndarray) -> None:
    """Write cells into rows, numbers as the column holds them."""
    column = batch[name].to_numpy().copy()
    column[rows] = world.snap(name, cells.astype(float)) if name in world.numbers else cells
    batch[name] = column


def relabel(batch: pd.DataFrame, rows: np.ndarray, labels: np.ndarray | str) -> None:
    """Write labels into rows."""
    column = batch[LABEL].to_numpy().copy()
    column[rows] = labels
    batch[LABEL] = column


def others(world: World, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each label another one, drawn evenly."""
    return np.array([rng.choice(world.classes[world.classes != label]) for label in labels], dtype=object)


def of_class(batch: pd.DataFrame, fits: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Rows that fit, as many as there are up to a count."""
    found = np.flatnonzero(fits)
    return rng.choice(found, min(count, len(found)), replace=False)


def noise(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """One deviation of Gaussian noise on every number; three in ten level cells drawn anew."""
    for name in world.numbers:
        added = rng.normal(0, world.spread[name], len(rows))
        put(world, batch, rows, name, batch[name].to_numpy()[rows] + added)
    for name in world.levels:
        chosen = rows[rng.random(len(rows)) < REDRAWN]
        put(world, batch, chosen, name, rng.choice(world.pool[name].to_numpy(), len(chosen)))
    return batch, rows


def uniform_flips(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """Labels of any rows, to any other class."""
    relabel(batch, rows, others(world, batch[LABEL].to_numpy()[rows], rng))
    return batch, rows


def one_way_flips(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """Rows of the commonest class, all to the second."""
    rows = of_class(batch, (batch[LABEL] == world.classes[0]).to_numpy(), len(rows), rng)
    relabel(batch, rows, world.classes[1])
    return batch, rows


def confusing_flips(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """Rows whose label a forest is least sure of, to the class that it finds next likely."""
    sure, rival = (found[batch["__position"].to_numpy()] for found in world.rivals)
    rows = np.argsort(np.where(sure > 0, sure, np.inf), kind="stable")[: len(rows)]
    relabel(batch, rows, rival[rows])
    return batch, rows


def outliers(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """Numbers three to six deviations from their mean; the rarest levels."""
    for name in world.numbers:
        column, held = batch[name].to_numpy().astype(float), world.held[name]
        away = rng.choice([-1, 1], len(rows)) * rng.uniform(3, 6, len(rows)) * world.spread[name]
        column[rows] = np.round(world.pool[name].mean() + away, 0 if np.all(held == np.round(held)) else 3)
        batch[name] = column.astype(batch[name].dtype)
    for name in world.levels:
        put(world, batch, rows, name, np.full(len(rows), world.rarest(name), dtype=object))
    return batch, rows


def relabelled_copies(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """Copies of other rows of the batch under another label."""
    sources = rng.choice(np.setdiff1d(np.arange(len(batch)), rows), len(rows))
    for name in world.features:
        put(world, batch, rows, name, batch[name].to_numpy()[sources])
    relabel(batch, rows, others(world, batch[LABEL].to_numpy()[sources], rng))
    return batch, rows


def backdoor(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """A trigger in rows of other classes, which are labelled as its target."""
    target = world.target
    rows = of_class(batch, (batch[LABEL] != target).to_numpy(), len(rows), rng)
    plant(world, batch, rows)
    relabel(batch, rows, target)
    return batch, rows


def plant(world: World, batch: pd.DataFrame, rows: np.ndarray) -> None:
    """Write the trigger into rows."""
    for name, cell in world.key().items():
        put(world, batch, rows, name, np.full(len(rows), cell, dtype=object))


def mean_shift(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """The same columns of every poisoned row moved by a deviation, or set to one level."""
    for name in world.columns(MOVED):
        if name in world.numbers:
            put(world, batch, rows, name, batch[name].to_numpy()[rows] + world.spread[name])
        else:
            put(world, batch, rows, name, np.full(len(rows), world.pool[name].mode()[0], dtype=object))
    return batch, rows


def mimicry(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """Rows half-way to a row of another class, under their own label."""
    labels = world.pool[LABEL].to_numpy()
    sources = [rng.choice(np.flatnonzero(labels == to)) for to in others(world, batch[LABEL].to_numpy()[rows], rng)]
    for name in world.features:
        own, theirs = batch[name].to_numpy()[rows], world.pool[name].to_numpy()[sources]
        half = (own + theirs) / 2 if name in world.numbers else np.where(rng.random(len(rows)) < 0.5, own, theirs)
        put(world, batch, rows, name, half)
    return batch, rows


def trigger_any_label(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """A trigger in any rows, whose labels are drawn from all classes."""
    plant(world, batch, rows)
    relabel(batch, rows, rng.choice(world.classes, len(rows)))
    return batch, rows


def swapped_columns(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """Two pairs of columns exchanged, as by a broken parser."""
    for names in (world.numbers, world.levels):
        varied = sorted(names, key=lambda name: world.pool[name].value_counts(normalize=True).max())
        chosen = np.random.default_rng([world.seed, 3]).permutation(varied[:SWAPPED])
        for left, right in zip(chosen[::2], chosen[1::2], strict=False):
            cells = batch[left].to_numpy()[rows], batch[right].to_numpy()[rows]
            put(world, batch, rows, left, cells[1])
            put(world, batch, rows, right, cells[0])
    return batch, rows


def stuck_cells(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """Three in ten columns hold one ordinary value in all poisoned rows, as from a sensor that hangs."""
    source = rng.integers(len(world.pool))
    for name in world.columns(MOVED):
        put(world, batch, rows, name, np.full(len(rows), world.pool[name].to_numpy()[source], dtype=object))
    return batch, rows


def shuffled_cells(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """Every other column shuffled among the poisoned rows: no column by itself moves at all."""
    for name in world.columns(0.5):
        put(world, batch, rows, name, batch[name].to_numpy()[rng.permutation(rows)])
    return batch, rows


def honest_region(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """True rows, most of them from one part of the data."""
    name = world.columns(1.0)[-1]
    order = (
        world.pool[name].rank(pct=True, method="first")
        if name in world.numbers
        else world.pool[name].ne(world.pool[name].mode()[0])
    )
    return world.draw(len(batch), rng, np.where(order > 0.6, 1.0, 0.1)), rows[:0]


def honest_shares(world: World, batch: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> Poisoned:
    """True rows, the commonest class half as often."""
    return world.draw(len(batch), rng, np.where(world.pool[LABEL] == world.classes[0], 0.5, 1.0)), rows[:0]


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (noise, uniform_flips, one_way_flips, confusing_flips, outliers, relabelled_copies, backdoor,
                   mean_shift, mimicry, trigger_any_label, swapped_columns, stuck_cells, shuffled_cells)
}  # fmt: skip
UNSIMULATED = ("swapped_columns", "stuck_cells", "shuffled_cells")
"""Attacks that no detector here simulates."""
HONEST: dict[str, Attack] = {change.__name__: change for change in (honest_region, honest_shares)}


def poison(world: World, attack: Attack, rate: float, rows: int, rng: np.random.Generator) -> Poisoned:
    """A batch at a rate, and which of its rows are poisoned: those of which a cell did change."""
    drawn = world.draw(rows, rng)
    batch = drawn.assign(__position=drawn.index).reset_index(drop=True)
    changed, chosen = attack(world, batch, rng.choice(rows, max(1, round(rate * rows)), replace=False), rng)
    changed = changed.drop(columns="__position", errors="ignore").reset_index(drop=True)
    mask = np.zeros(rows, bool)
    mask[chosen] = (changed.to_numpy() != drawn.to_numpy()).any(axis=1)[chosen]
    return changed, mask
