"""Finding audits: by the name of their module in `audits`, by an entry point in a package of a team's own."""

from typing import Any

from pratique.contract.audit import Audit
from pratique.contract.plugins import AUDITS, list_units, load_named
from pratique.core import paths
from pratique.core.errors import PratiqueError, printable
from pratique.core.sections import parse


def audit_names() -> list[str]:
    """The names of every audit there is: this package's, and those that installed packages bring."""
    return list_units(AUDITS)


def load_audit(name: str) -> type[Audit]:
    """The audit of this name: of `pratique/audits/<name>.py`, or of an entry point in the group `pratique.audits`."""
    return load_named(AUDITS, name, Audit)


def configured_audits(section: dict[str, dict[str, Any]]) -> dict[str, Audit]:
    """The audits that params.yaml asks for, by name, in the order of their names; there may be none.

    Raises
    ------
    PratiqueError
        If there is no such audit, or a field is unknown.
    """
    audits = {}
    for name in sorted(section):
        place = f"{paths.PARAMS}: audits.{name}"
        if name not in audit_names():
            raise PratiqueError(f"{place}: no such audit '{printable(name)}'; known: {', '.join(audit_names())}")
        audits[name] = parse(load_audit(name), section[name], place)
    return audits
