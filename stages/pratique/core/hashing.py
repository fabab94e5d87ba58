"""SHA-256 of bytes, files, JSON and code. DVC's MD5 is an address, never evidence."""

import hashlib
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pratique.core.errors import PratiqueError


def sha256_bytes(data: bytes) -> str:
    """Hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def md5_file(path: Path) -> str:
    """Hexadecimal MD5 of a file's bytes: where DVC would keep it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def sha256_json(value: Any) -> str:
    """Hexadecimal SHA-256 of a JSON value: keys sorted, no white space, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return sha256_bytes(text.encode())


def sha256_folder(folder: Path) -> str:
    """Hexadecimal SHA-256 over the relative path and digest of every file below a folder, in sorted order."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return sha256_json([[p.relative_to(folder).as_posix(), sha256_file(p)] for p in files])


@cache
def code_digest(*rooms: str) -> str:
    """Hexadecimal SHA-256 of the source of some rooms of this package: nothing is kept across a change of it."""
    package = Path(__file__).parents[1]
    return sha256_json([[room, sha256_sources(package / room)] for room in sorted(rooms)])


def sha256_sources(package: Path) -> str:
    """Hexadecimal SHA-256 over the Python files of a package: of a folder, or of a module that is one file."""
    if package.is_file():
        return sha256_file(package)
    return sha256_json([[p.relative_to(package).as_posix(), sha256_file(p)] for p in sorted(package.rglob("*.py"))])


def find_package(module: str, place: str) -> Path:
    """The folder of the package that a module is in, or its file where it is in none; nothing of it is run.

    Raises
    ------
    PratiqueError
        If there is none; `place` says who named it.
    """
    try:
        spec = find_spec(module.partition(".")[0])
    except ValueError:  # of the program that runs
        spec = None
    if spec is None or not (spec.submodule_search_locations or spec.has_location):
        raise PratiqueError(f"{place}: no module '{module}', neither installed nor in this folder")
    return Path(next(iter(spec.submodule_search_locations or ()), str(spec.origin)))
