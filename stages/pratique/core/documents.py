"""JSON and YAML that somebody else wrote: read strictly, so that two readers never see two meanings."""

import json
from pathlib import Path
from typing import Any

from pratique.core.errors import PratiqueError

MAX_DOCUMENT_BYTES = 2**24


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    PratiqueError
        If it is too large, is not JSON, or repeats a key.
    """
    return parse_json(_read_text(path), str(path))


def parse_json(text: str | bytes, place: str) -> Any:
    """Read JSON; `place` says in an error where it stood. NaN and infinities are no JSON."""
    try:
        return json.loads(text, object_pairs_hook=_refuse_repeated_keys, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise PratiqueError(f"{place}: not JSON: {error}") from error


def read_yaml(path: Path) -> Any:
    """Read a YAML file; a repeated key is an error, and `NO` is text.

    Raises
    ------
    PratiqueError
        If it is too large, or is not YAML.
    """
    return parse_yaml(_read_text(path), str(path))


def parse_yaml(text: str, place: str) -> Any:
    """Read YAML; `place` says in an error where it stood."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise PratiqueError(f"{place}: {' '.join(str(error).split())}") from error


def _read_text(path: Path) -> str:
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise PratiqueError(f"{path}: more than {MAX_DOCUMENT_BYTES} bytes; expected a document that a person wrote")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PratiqueError(f"{path}: not UTF-8 at offset {error.start}; save it as UTF-8") from error


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(n for n in names if names.count(n) > 1)!r:.80} appears more than once")
    return value


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is no number")
