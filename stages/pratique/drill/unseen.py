"""Attacks that nobody showed the fusion: what is caught when a whole family is left out of its training."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pratique.contract.discovery import load_attack
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.core.progress import show_progress
from pratique.detector.detector import Detector
from pratique.detector.hypotheses import may_be_honest
from pratique.detector.simulate import ATTACK_FAMILIES, SIMULATIONS, Simulation
from pratique.tables.reading import read_trusted
from pratique.tables.trusted import read_reference

LEAKS = "leaks"
"""The check that would find every batch of holdout rows."""


@dataclass(frozen=True)
class Unseen:
    """One family's batches, judged with and without the family among what the fusion was shown.

    Attributes
    ----------
    shown, unseen : float
        Shares of the poisoned batches that were called poison, in [0, 1].
    """

    family: str
    batches: int
    shown: float
    unseen: float


def leave_one_family_out(params: Params, rate: float, batches: int, rows: int) -> list[Unseen]:
    """Judge poisoned batches of holdout rows by a profile that knows every family, and by one that lacks theirs.

    Parameters
    ----------
    params : Params
    rate : float
        Share of poisoned rows, in [0, 1].
    batches : int
        For each of a family's attacks.
    rows : int
        In a batch; at most as many as the holdout has.

    Raises
    ------
    PratiqueError
        If there is no reference or no holdout.
    """
    params = params.model_copy(update={"checks": {name: p for name, p in params.checks.items() if name != LEAKS}})
    reference = read_reference(params.data)
    full = Detector.learn(reference, params)
    holdout = Batch("holdout", read_trusted(paths.HOLDOUT, full.layout.ignored, full.layout.image), full.layout)
    rows = min(rows, len(holdout))
    found = []
    for family in show_progress(ATTACK_FAMILIES, "leaving out"):
        lacking = Detector.learn(reference, params, without=family)
        poisoned = [
            batch
            for i, simulation in enumerate(SIMULATIONS)
            if simulation.family == family
            for batch in _poison_batches(holdout, simulation, rate, batches, rows, [params.seed, 3, i])
        ]
        if poisoned:
            caught = [float(np.mean([_is_poison(b, d) for b in poisoned])) for d in (full, lacking)]
            found.append(Unseen(family, len(poisoned), *caught))
    return found


def _poison_batches(
    holdout: Batch, simulation: Simulation, rate: float, batches: int, rows: int, seed: list[int]
) -> Iterator[Batch]:
    """Batches of holdout rows, drawn without replacement each, poisoned; none where the attack can't be made."""
    attack = load_attack(simulation.attack)(**simulation.params)
    for k in range(batches):
        rng = np.random.default_rng([*seed, k])
        clean = holdout.take(rng.choice(len(holdout), rows, replace=False))
        try:
            yield attack.poison(clean, rate, rng).batch
        except PratiqueError:
            return


def _is_poison(batch: Batch, detector: Detector) -> bool:
    verdict = detector.judge(detector.examine(batch))
    return verdict.verdict == "quarantine" and not all(map(may_be_honest, verdict.alarms))
