"""Finding checks and attacks: by the name of their module here, by an entry point in a package of a team's own."""

from typing import Any

from pratique.contract.attack import Attack
from pratique.contract.check import BatchCheck, Check, RowCheck, RuleCheck
from pratique.contract.plugins import ATTACKS, CHECKS, list_units, load_named, plugins
from pratique.core.errors import PratiqueError, printable
from pratique.core.hashing import code_digest, find_package, sha256_json, sha256_sources
from pratique.core.sections import parse

MEASURING = ("core", "statistics", "tables", "contract", "checks", "attacks", "detector")
"""The rooms whose code learns from trusted rows and judges a batch."""


def check_names() -> list[str]:
    """The names of every check there is: this package's, and those that installed packages bring."""
    return list_units(CHECKS)


def attack_names() -> list[str]:
    """The names of every attack there is: this package's, and those that installed packages bring."""
    return list_units(ATTACKS)


def load_check(name: str) -> type[Check]:
    """The check of this name: of `pratique/checks/<name>.py`, or of an entry point in the group `pratique.checks`."""
    check = load_named(CHECKS, name, Check)
    if not issubclass(check, (RowCheck, BatchCheck, RuleCheck)):
        raise PratiqueError(f"check '{name}': expected a RowCheck, a BatchCheck or a RuleCheck")
    if check.budget_share is not None and not 0 < check.budget_share < 1:
        raise PratiqueError(f"check '{name}': budget_share: expected a number between 0 and 1")
    return check


def load_attack(name: str) -> type[Attack]:
    """The attack of this name: of `pratique/attacks/<name>.py`, or of an entry point in `pratique.attacks`."""
    return load_named(ATTACKS, name, Attack)


def digest_code(*rooms: str) -> str:
    """Hexadecimal SHA-256 of the code that judges batches, of more rooms, and of the checks and attacks of plugins."""
    brought = [
        [group, name, sha256_sources(find_package(point.module, f"entry point {group}: {name}"))]
        for group in (CHECKS, ATTACKS)
        for name, point in sorted(plugins(group).items())
    ]
    return sha256_json([code_digest(*MEASURING, *rooms), brought])


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
