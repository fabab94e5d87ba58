"""What a drill consists of: exercises from params.yaml, and the cells that they are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field

from pratique.contract.attack import Attack
from pratique.contract.discovery import attack_names, configured_attack
from pratique.core.errors import PratiqueError
from pratique.core.params import DrillParams, Rates, Section, parse


class Entry(Section):
    """One entry of `drill.attacks`; what is not named here are the attack's fields."""

    model_config = ConfigDict(extra="allow")

    attack: str | None = None
    rates: Rates | None = None
    batches: int | None = Field(None, ge=1, le=1000)


@dataclass(frozen=True)
class Exercise:
    """An attack with its fields, the rates to try, and how many batches it comes in.

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
    """

    name: str
    kind: str
    attack: Attack
    rates: tuple[float, ...]
    batches: int


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
        If none is asked for, there is no such attack, or a field is unknown.
    """
    if not params.attacks:
        raise PratiqueError(f"params.yaml: drill.attacks: none is named; known: {', '.join(attack_names())}")
    return [_exercise(name, params.attacks[name], params) for name in sorted(params.attacks)]


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
    rates = tuple(sorted(set(entry.rates or params.rates)))
    return Exercise(name, kind, attack, rates, entry.batches or params.batches)
