"""Known poison for the fusion to learn from: the project's own attacks on trusted rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from pratique.contract.attack import PoisonedBatch
from pratique.contract.discovery import load_attack
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError


@dataclass(frozen=True)
class Simulation:
    """One way to poison: an attack with its params, at a rate, as one of a family of like attacks."""

    family: str
    attack: str
    rate: float
    params: dict[str, Any] = field(default_factory=dict)


MEAN_SHIFT_FAMILY = "mean shift"
"""The family of attacks that move the same columns of many rows."""
SIMULATIONS = (
    Simulation("flips", "label_flip", 0.5),
    Simulation("flips", "confusing_flip", 0.3),
    Simulation("flips", "one_way_flip", 0.4),
    Simulation("flips", "relabelled_copy", 0.5),
    Simulation("noise", "gaussian_noise", 0.5),
    Simulation("noise", "gaussian_noise", 0.5, {"scale": 0.5}),
    Simulation("noise", "outlier_insertion", 0.5),
    Simulation("noise", "unit_error", 0.5, {"factor": 100.0}),
    Simulation(MEAN_SHIFT_FAMILY, "mean_shift", 0.5),
    Simulation(MEAN_SHIFT_FAMILY, "mean_shift", 0.3, {"scale": 2.0}),
    Simulation("mimicry", "mimicry", 0.5),
    Simulation("backdoor", "backdoor_trigger", 0.5),
    Simulation("fabrication", "fabrication", 0.5),
)
"""Attacks on whole rows and on one column, at several strengths, so that a fusion of what they do to rows
generalises; which rates they come at matters little, because each poisoned row is learned from by itself."""

ATTACK_FAMILIES = tuple(dict.fromkeys(s.family for s in SIMULATIONS))
SIMULATION_DRAWS = 2
"""Times that every simulation is drawn anew in every fold."""


def simulate(held_out: Batch, seed: list[int], without: str | None = None) -> Iterator[tuple[int, PoisonedBatch]]:
    """Poisoned copies of rows, each with the position of its simulation in `SIMULATIONS`.

    Parameters
    ----------
    held_out : Batch
        Trusted rows.
    seed : list of int
    without : str, optional
        A family that is left out, to see what the fusion makes of attacks that nobody showed it.
    """
    for i, simulation in enumerate(SIMULATIONS):
        if simulation.family == without:
            continue
        attack = load_attack(simulation.attack)(**simulation.params)
        for repetition in range(SIMULATION_DRAWS):
            try:
                poisoned = attack.poison(held_out, simulation.rate, np.random.default_rng([*seed, i, repetition]))
            except PratiqueError:  # the attack has nothing to do with such columns
                break
            if len(poisoned.rows):
                yield i, poisoned


def simulate_rows(held_out: Batch, seed: list[int], without: str | None = None) -> tuple[np.ndarray, Batch]:
    """What `simulate` poisons, as one batch of poisoned rows alone, and the simulation of each of them.

    They are measured at once: what a row scores does not depend on the rows beside it.
    """
    found = [(i, p.batch.table.take(pa.array(p.rows))) for i, p in simulate(held_out, seed, without)]
    groups = np.repeat([i for i, _ in found], [len(rows) for _, rows in found]).astype(int)
    together = pa.concat_tables([held_out.table.slice(0, 0), *(rows for _, rows in found)])
    return groups, Batch(held_out.name, together.combine_chunks(), held_out.layout)
