"""Finding methods of training: by the name of their module in `training/methods`."""

from pratique.contract.method import Method
from pratique.contract.modules import list_modules, load_unit
from pratique.core import paths
from pratique.core.errors import PratiqueError, printable
from pratique.core.params import TrainParams
from pratique.core.sections import parse

METHODS = "training/methods"


def method_names() -> list[str]:
    """The names of every method there is."""
    return list(list_modules(METHODS))


def load_method(name: str) -> type[Method]:
    """The method of `pratique/training/methods/<name>.py`."""
    return load_unit(METHODS, name, Method)


def configure_method(params: TrainParams) -> Method:
    """The method that params.yaml asks for.

    Raises
    ------
    PratiqueError
        If there is no such method, a field is unknown, or it can't train the model that is named.
    """
    name, place = params.method_name, f"{paths.PARAMS}: train.method"
    if name not in method_names():
        raise PratiqueError(f"{place}: no such method '{printable(name)}'; known: {', '.join(method_names())}")
    kind, model = load_method(name), "estimator" if params.estimator is not None else params.model
    if model not in kind.goes_with:
        what = "a team's own estimator" if params.estimator is not None else f"model: {model}"
        raise PratiqueError(
            f"{place}: {name} does not go with {what}; it goes with {', '.join(sorted(kind.goes_with))}. "
            "Name another model or another method"
        )
    return parse(kind, params.method[name], f"{place}.{name}")
