"""Finding experiments: by the name of their module in `experiments/kinds`, with hyphens where people type it."""

from typing import Any

from pratique.contract.modules import list_modules, load_unit
from pratique.core import paths
from pratique.core.errors import PratiqueError, printable
from pratique.core.sections import parse
from pratique.experiments.experiment import Experiment

KINDS = "experiments/kinds"


def experiment_names() -> list[str]:
    """The names of every experiment there is."""
    return [name.replace("_", "-") for name in list_modules(KINDS)]


def load_experiment(name: str) -> type[Experiment]:
    """The experiment of this name."""
    return load_unit(KINDS, name.replace("-", "_"), Experiment)


def configure_experiment(section: dict[str, Any]) -> Experiment:
    """The one experiment that params.yaml asks for.

    Raises
    ------
    PratiqueError
        If it asks for none, several or an unknown one, or a field is unknown.
    """
    place, known = f"{paths.PARAMS}: experiment", ", ".join(experiment_names())
    if len(section) != 1:
        raise PratiqueError(f"{place}: {len(section)} are named, expected one; known: {known}")
    ((name, fields),) = section.items()
    if name not in experiment_names():
        raise PratiqueError(f"{place}: no such experiment '{printable(name)}'; known: {known}")
    return parse(load_experiment(name), fields, f"{place}.{name}")
