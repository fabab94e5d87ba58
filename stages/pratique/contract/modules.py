"""Units that are found by the name of their module: one file of a folder of this package, one class in it."""

import importlib
import inspect
import pkgutil
from functools import cache
from pathlib import Path
from typing import TypeVar

Unit = TypeVar("Unit")

PACKAGE_FOLDER = Path(__file__).parents[1]


def list_modules(folder: str) -> tuple[str, ...]:
    """The names of the modules of a folder of this package, such as `training/methods`; a folder in it is none."""
    return _list_modules(PACKAGE_FOLDER / folder)


@cache
def _list_modules(place: Path) -> tuple[str, ...]:
    return tuple(sorted(module.name for module in pkgutil.iter_modules([str(place)]) if not module.ispkg))


def load_unit(folder: str, name: str, base: type[Unit]) -> type[Unit]:
    """The one subclass of `base` that a module of a folder of this package defines."""
    module = importlib.import_module(f"pratique.{folder.replace('/', '.')}.{name}")
    found = [
        unit
        for _, unit in inspect.getmembers(module, inspect.isclass)
        if issubclass(unit, base) and unit.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} defines {len(found)} subclasses of {base.__name__}, expected one")
    return found[0]
