"""The one reader of the project's own files: each is held to the digest that was taken when a stage wrote it.

A stage leaves data/<folder>/checksums.json, which names every file that it wrote. What is read afterwards is what was
written, or an error that names the file and the command that writes it again: "not here" is never the answer about a
file that a stage wrote.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pratique.core import paths
from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_bytes, sha256_file, sha256_json
from pratique.core.writing import json_bytes, write_bytes

CHECKSUMS = "checksums.json"
CHECKSUMS_VERSION = 1
SEAL = "checksum"
"""The key of a document that holds the digest of all others."""
WRITERS = {paths.BATCHES: "ingest", paths.RECORDS: "validate", paths.CONFUSION: "evaluate"}
"""Which command writes a folder; what is none of these is a profile's."""


class DamagedFile(PratiqueError):
    """A file of the project's own is gone, damaged, or another one than was written."""


@dataclass(frozen=True)
class Checksums:
    """What a stage wrote.

    Attributes
    ----------
    folder : Path
        Where the list stands; files elsewhere may be in it.
    files : mapping of str to str
        SHA-256 of each file, by its path as seen from the folder.
    """

    folder: Path
    files: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> "Checksums":
        """The list in a folder.

        Raises
        ------
        DamagedFile
            If there is none, or it is damaged.
        PratiqueError
            If a newer version wrote it.
        """
        place = folder / CHECKSUMS
        if not place.is_file():
            raise DamagedFile(f"{place}: not found; {_tell_remedy(folder, 'first')}")
        seen = place.stat()
        version = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
        return cls(folder, _parse(place, _tell_remedy(folder), version))

    def list_below(self, folder: Path) -> list[Path]:
        """The files that were written below a folder, sorted."""
        found = (Path(os.path.normpath(self.folder / name)) for name in self.files)
        return sorted(path for path in found if path.is_relative_to(folder))

    def names(self, path: Path) -> bool:
        """Whether a file is one that was written."""
        return self._key(path) in self.files

    def require(self, path: Path) -> str:
        """The SHA-256 of a file that is as it was written; see `read_bytes` for what it raises."""
        return self._hold(path, sha256_file(path) if path.is_file() else None)

    def read_bytes(self, path: Path) -> bytes:
        """A file as it was written.

        Raises
        ------
        DamagedFile
            If it is not here, or not the one that was written.
        """
        data = path.read_bytes() if path.is_file() else None
        self._hold(path, None if data is None else sha256_bytes(data))
        return b"" if data is None else data

    def _hold(self, path: Path, found: str | None) -> str:
        known = self.files.get(self._key(path))
        if found is None:
            raise DamagedFile(f"{path}: not here; {_tell_remedy(self.folder)}")
        if known is None:
            raise DamagedFile(f"{path}: {self.folder / CHECKSUMS} does not name it; {_tell_remedy(self.folder)}")
        if found != known:
            raise DamagedFile(f"{path}: not as it was written (SHA-256 {found[:12]}…); {_tell_remedy(self.folder)}")
        return found

    def _key(self, path: Path) -> str:
        return Path(os.path.relpath(path, self.folder)).as_posix()


def write_checksums(folder: Path, files: Mapping[Path, str]) -> Path:
    """Write the list of what was written, each file with its SHA-256; its place."""
    said = {Path(os.path.relpath(path, folder)).as_posix(): sha256 for path, sha256 in files.items()}
    place = folder / CHECKSUMS
    write_bytes(place, json_bytes(seal({"version": CHECKSUMS_VERSION, "files": dict(sorted(said.items()))})))
    return place


def seal(value: dict[str, Any]) -> dict[str, Any]:
    """A JSON object with the digest of itself as its last key."""
    return {**value, SEAL: sha256_json(value)}


def break_seal(value: dict[str, Any]) -> dict[str, Any] | None:
    """What was sealed; None where it is no longer that."""
    rest = {key: each for key, each in value.items() if key != SEAL}
    return rest if value.get(SEAL) == sha256_json(rest) else None


@lru_cache(maxsize=4)
def _parse(place: Path, remedy: str, _version: tuple[int, ...]) -> Mapping[str, str]:
    """The digests in a list, which each reader asks for: it is parsed once while the system says it is the same."""
    try:
        found = parse_json(place.read_bytes(), str(place))
    except PratiqueError as error:
        raise DamagedFile(f"{place}: damaged; {remedy}") from error
    said = break_seal(found) if isinstance(found, dict) else None
    if said is None:
        raise DamagedFile(f"{place}: damaged; {remedy}")
    if said["version"] != CHECKSUMS_VERSION:
        raise PratiqueError(f"{place}: written by a newer version of Pratique; install that one, or {remedy}")
    return said["files"]


def _tell_remedy(folder: Path, when: str = "again") -> str:
    return f"run `pratique {WRITERS.get(folder, 'calibrate')}` (or `dvc repro`) {when}"
