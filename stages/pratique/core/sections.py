"""Sections of a file that people write: models that forbid unknown keys, and errors that name the key."""

import reprlib
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from pratique.core.errors import PratiqueError

Model = TypeVar("Model", bound=BaseModel)

BEGINNING = reprlib.Repr()
"""Shows the beginning of a value: all of one whose parts stand for one another, as YAML allows, may have no end."""
BEGINNING.maxlevel, BEGINNING.maxstring, BEGINNING.maxother, BEGINNING.maxlong = 3, 80, 80, 80


class Section(BaseModel):
    """A part of params.yaml. Unknown keys are errors, so that a typo never means a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def parse(model: type[Model], value: Any, place: str) -> Model:
    """Validate a value as a model; the first fault becomes one line: the key and what was expected."""
    try:
        return model.model_validate(value if value is not None else {})
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            message = f"unknown key; known here: {', '.join(sorted(_known_keys(model, fault['loc'][:-1])))}"
        else:
            message = f"{fault['msg'][0].lower()}{fault['msg'][1:]}, got {BEGINNING.repr(fault['input']):.80}"
        raise PratiqueError(f"{place}: {key}: {message}" if key else f"{place}: {message}") from error


def _known_keys(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The keys of the section at `path`."""
    place: Any = model
    for part in path:
        if get_origin(place) is not None:
            place = get_args(place)[1 if get_origin(place) is dict else 0]
        elif isinstance(place, type) and issubclass(place, BaseModel):
            place = place.model_fields[str(part)].annotation
    return list(place.model_fields) if isinstance(place, type) and issubclass(place, BaseModel) else []
