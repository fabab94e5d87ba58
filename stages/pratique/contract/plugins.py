"""Units of installed packages: entry points in a group of ours, beside what lies in the room of the same name."""

import inspect
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from pratique.contract.modules import Unit, list_modules, load_unit
from pratique.core.errors import PratiqueError, printable

CHECKS, ATTACKS, AUDITS = "pratique.checks", "pratique.attacks", "pratique.audits"
"""Groups of entry points."""
RESERVED = {CHECKS: ("rows", "flips", "mimicry", "mean_shift"), ATTACKS: (), AUDITS: ()}
"""Names that something else has: a check shares its name space with the detector's hypotheses."""


def list_units(group: str) -> list[str]:
    """The names of all units of a group: this package's, and those that installed packages bring."""
    return sorted({*list_modules(_room(group)), *plugins(group)})


@cache
def plugins(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group, by name.

    Raises
    ------
    PratiqueError
        If two packages bring the same name, or one takes a name of this package.
    """
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        if (
            point.name in (*list_modules(_room(group)), *RESERVED[group])
            or found.setdefault(point.name, point) != point
        ):
            taken = f"{printable(point.name)} ({printable(point.value)})"
            raise PratiqueError(f"entry point {group}: {taken}: the name is taken; give it another one")
    return found


def load_named(group: str, name: str, base: type[Unit]) -> type[Unit]:
    """The unit of this name, of this package or of an installed one.

    Raises
    ------
    PratiqueError
        If an entry point names something else than a subclass of `base`.
    """
    if name in plugins(group):
        unit = plugins(group)[name].load()
        if not (inspect.isclass(unit) and issubclass(unit, base)):
            raise PratiqueError(f"entry point {group}: {name}: {unit!r:.80} is no subclass of {base.__name__}")
        return unit
    return load_unit(_room(group), name, base)


def _room(group: str) -> str:
    """The folder of this package that holds units of a group."""
    return group.rpartition(".")[2]
