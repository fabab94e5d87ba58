"""What a drill consists of: exercises from params.yaml, and the cells that they are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field

from pratique.contract.attack import Attack
from pratique.contract.discovery import attack_names, configured_attack, load_attack
from pratique.core.errors import PratiqueError
from pratique.core.params import DrillParams, ModelKind, Rates
from pratique.core.sections import Section, parse


class Entry(Section):
    """One entry of `drill.attacks`; what is not named here are the attack's fields."""

    model_config = ConfigDict(extra="allow")

    attack: str | None = None
    rates: Rates | None = None
    batches: int | None = Field(None, ge=1, le=1000)
    poisoned_batches: float | None = Field(None, gt=0, le=1)


@dataclass(frozen=True)
class Exercise:
    """An attack with its fields, the rates to try, and the batches that it comes in.

    Attributes
    ----------
    name : str
        As in params.yaml.
    kind : str
        The attack's name.
    attack : Attack
    rates : tuple of float
        Increasing.
    batches : int
        That come in.
    poisoned_batches : float
        Share of them that comes in poisoned, in (0, 1].
    unseen : tuple of str
        The kinds of model, other than the one that the attack is optimised against, that its poison is tried on.
    """

    name: str
    kind: str
    attack: Attack
    rates: tuple[float, ...]
    batches: int
    poisoned_batches: float
    unseen: tuple[ModelKind, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One exercise at one rate in one run; the smallest piece of work, and of what is kept.

    `cleared` says whether the batches pass the gate, or only train models.
    """

    exercise: Exercise
    rate: float
    run: int
    cleared: bool


def exercises(params: DrillParams) -> list[Exercise]:
    """The exercises that params.yaml asks for, in the order of their names.

    Raises
    ------
    PratiqueError
        If none is asked for, there is no such attack, a field is unknown, or there is nothing to transfer.
    """
    if not params.attacks:
        raise PratiqueError(f"params.yaml: drill.attacks: none is named; known: {', '.join(attack_names())}")
    found = [_exercise(name, params.attacks[name], params) for name in sorted(params.attacks)]
    if params.transfer and not any(exercise.unseen for exercise in found):
        optimised = ", ".join(f"{name} ({kind})" for name in attack_names() if (kind := load_attack(name).proxy))
        missing = "none of drill.attacks is optimised against a model of another kind"
        raise PratiqueError(f"params.yaml: drill.transfer: {missing}; known: {optimised}")
    return found


def cells(params: DrillParams) -> Iterator[Cell]:
    """Every cell of a drill, exercise by exercise, rate by rate, run by run."""
    for exercise in exercises(params):
        for rate in exercise.rates:
            for run in range(params.retrainings):
                yield Cell(exercise, rate, run, run < params.repetitions)


def _exercise(name: str, value: dict[str, Any], params: DrillParams) -> Exercise:
    place = f"params.yaml: drill.attacks.{name}"
    entry = parse(Entry, value, place)
    kind = entry.attack or name
    attack = configured_attack(kind, entry.model_extra or {}, place)
    return Exercise(
        name,
        kind,
        attack,
        rates=tuple(sorted(set(entry.rates or params.rates))),
        batches=entry.batches or params.batches,
        poisoned_batches=entry.poisoned_batches or params.poisoned_batches,
        unseen=tuple(kind for kind in params.transfer if attack.proxy not in (None, kind)),
    )
