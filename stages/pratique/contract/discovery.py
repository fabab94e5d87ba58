"""Finding checks and attacks by the name of their module: adding a file is all it takes."""

import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import Any, TypeVar

from pratique.contract.attack import Attack
from pratique.contract.check import Check
from pratique.core.errors import PratiqueError, printable
from pratique.core.params import parse

Unit = TypeVar("Unit")

PACKAGE = Path(__file__).parents[1]


def check_names() -> list[str]:
    """The names of every check there is."""
    return _names("checks")


def attack_names() -> list[str]:
    """The names of every attack there is."""
    return _names("attacks")


def load_check(name: str) -> type[Check]:
    """The check that `pratique/checks/<name>.py` defines."""
    return _load("checks", name, Check)


def load_attack(name: str) -> type[Attack]:
    """The attack that `pratique/attacks/<name>.py` defines."""
    return _load("attacks", name, Attack)


def configured_checks(section: dict[str, dict[str, Any]]) -> dict[str, Check]:
    """The checks that params.yaml asks for, by name, in the order of their names.

    Raises
    ------
    PratiqueError
        If there is no such check, a field is unknown, or none is asked for.
    """
    if not section:
        raise PratiqueError(f"params.yaml: checks: none is named; known: {', '.join(check_names())}")
    checks = {}
    for name in sorted(section):
        if name not in check_names():
            raise PratiqueError(f"params.yaml: checks.{name}: no such check; known: {', '.join(check_names())}")
        checks[name] = parse(load_check(name), section[name], f"params.yaml: checks.{name}")
    return checks


def configured_attack(name: str, fields: dict[str, Any], place: str) -> Attack:
    """The attack of this name with these fields; `place` is where params.yaml asks for it.

    Raises
    ------
    PratiqueError
        If there is no such attack, or a field is unknown.
    """
    if name not in attack_names():
        raise PratiqueError(f"{place}: no such attack '{printable(name)}'; known: {', '.join(attack_names())}")
    return parse(load_attack(name), fields, place)


def _names(kind: str) -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules([str(PACKAGE / kind)]) if not module.ispkg)


def _load(kind: str, name: str, base: type[Unit]) -> type[Unit]:
    module = importlib.import_module(f"pratique.{kind}.{name}")
    found = [
        unit
        for _, unit in inspect.getmembers(module, inspect.isclass)
        if issubclass(unit, base) and unit.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} defines {len(found)} subclasses of {base.__name__}, expected one")
    return found[0]
