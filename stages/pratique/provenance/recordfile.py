"""Records as files: held to the schema that ships with this package, whenever one is written or read."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pratique.core.documents import read_json
from pratique.core.errors import PratiqueError


def require_valid(record: Any) -> None:
    """Hold a record to its schema; jsonschema's ValidationError where it breaks it."""
    _validator().validate(record)


def read_record(path: Path) -> dict[str, Any]:
    """Read a record.

    Raises
    ------
    PratiqueError
        If the file is no record, or one that another version wrote.
    """
    from jsonschema import ValidationError

    record: dict[str, Any] = read_json(path)
    try:
        require_valid(record)
    except ValidationError as error:
        where = "/".join(map(str, error.path)) or "its keys"
        raise PratiqueError(f"{path}: not a record of this version, see {where}; run `dvc repro`") from error
    return record


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    text = (files("pratique.provenance") / "record.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))
