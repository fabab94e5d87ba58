"""The policy that a verdict follows from, digest by digest, as it is read: a comment or a spelling changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pratique.contract.discovery import configured_checks
from pratique.core import paths
from pratique.core.columns import read_declared
from pratique.core.documents import read_json, read_yaml
from pratique.core.hashing import sha256_json
from pratique.core.params import Params

JUDGING = ("data", "alarms", "limits", "shift")
"""Sections of params.yaml that measure and judge; each key has a digest of its own."""
SCHEMA_WORDS = {"version", "name", "title", "description"}
"""What a schema says about itself."""
DEMANDS = {"type", "kwargs"}
"""What an expectation demands; all else is said about it."""


def digest_params(params: Params) -> dict[str, str]:
    """The digest of each key of params that measures or judges, by its name."""
    said: dict[str, Any] = {"seed": params.seed}
    elsewhere = {"data": {"labels_from"}}  # the digest of a batch covers labels
    for section, keys in params.model_dump(mode="json", by_alias=True, include=set(JUDGING), exclude=elsewhere).items():
        said |= {f"{section}.{key}": value for key, value in keys.items()}
    said |= {f"checks.{name}": each.model_dump(mode="json") for name, each in configured_checks(params.checks).items()}
    return {name: sha256_json(value) for name, value in said.items()}


def digest_declared() -> dict[str, str]:
    """The digest of each file of expectations that is there, by its name."""
    readers: dict[str, tuple[Path, Callable[[], Any]]] = {
        "columns": (paths.COLUMNS, _read_columns),
        "schema": (paths.SCHEMA, _read_schema),
        "suite": (paths.SUITE, _read_suite),
    }
    return {name: sha256_json(_to_json(read())) for name, (path, read) in readers.items() if path.is_file()}


def _read_columns() -> Any:
    return {name: spec.model_dump(mode="json") for name, spec in (read_declared() or {}).items()}


def _read_schema() -> Any:
    said = read_yaml(paths.SCHEMA)
    return {key: said[key] for key in said if key not in SCHEMA_WORDS} if isinstance(said, dict) else said


def _read_suite() -> Any:
    said = read_json(paths.SUITE)
    rules = said.get("expectations") if isinstance(said, dict) else None
    if not isinstance(rules, list):
        return said
    return [{key: rule[key] for key in rule if key in DEMANDS} if isinstance(rule, dict) else rule for rule in rules]


def _to_json(value: Any) -> Any:
    """What YAML may hold as JSON has it: dates and numbers without end as text."""
    if isinstance(value, dict):
        return {str(key): _to_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_to_json(each) for each in value]
    finite = isinstance(value, int | str | None) or (isinstance(value, float) and abs(value) < float("inf"))
    return value if finite else str(value)
