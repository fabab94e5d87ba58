"""The inventory of sources: who delivers batches, under which licence, and how their labels were made."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pratique.core import paths
from pratique.core.documents import read_yaml
from pratique.core.errors import PratiqueError
from pratique.core.sections import Section


class Source(Section):
    """One source, as data/sources.yaml lists it under the name of its folder."""

    origin: str
    owner: str
    licence: str
    labels: str
    """How the labels were made, and by whom."""


Inventory = dict[str, Source]


def load_inventory(path: Path = paths.SOURCES) -> Inventory:
    """Read the inventory; empty where the file is missing.

    Raises
    ------
    PratiqueError
        If it is not YAML, repeats a source, or an entry has an unknown, missing or wrong field.
    """
    if not path.is_file():
        return {}
    try:
        return TypeAdapter(Inventory).validate_python(read_yaml(path) or {})
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        known = ", ".join(Source.model_fields)
        raise PratiqueError(f"{path}: {place}: {fault['msg'].lower()}; each source has {known}") from error
