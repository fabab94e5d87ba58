"""One read of bytes that somebody else may change at any time: what is hashed is what is parsed afterwards."""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from pratique.core.errors import PratiqueError, printable
from pratique.core.hashing import sha256_json

BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class Snapshot:
    """A private copy of some bytes, with the digests that were taken while they were read.

    Attributes
    ----------
    path : Path
        Of the copy.
    sha256, md5 : str
        MD5 is an address of DVC's, never evidence. Those of a folder are over the names and digests of its files.
    size : int
        Bytes.
    labels : Path, optional
        Of the copy of the labels, where they came in apart.
    """

    path: Path
    sha256: str
    md5: str
    size: int
    labels: Path | None = None

    def join(self, labels: "Snapshot") -> "Snapshot":
        """The same with its labels."""
        return replace(self, sha256=join_digests(self.sha256, labels.sha256), labels=labels.path)

    @classmethod
    def of_folder(cls, path: Path, parts: Mapping[str, "Snapshot"]) -> "Snapshot":
        """The copy of a folder that holds these files, by name."""
        ordered = sorted(parts.items())
        sha256 = sha256_json([[name, part.sha256] for name, part in ordered])
        md5 = md5_listing({name: part.md5 for name, part in ordered})
        return cls(path, sha256, md5, sum(part.size for part in parts.values()))


def join_digests(batch: str, labels: str) -> str:
    """The SHA-256 of a batch whose labels came in apart, from those of both: other labels are another batch."""
    return sha256_json([["batch", batch], ["labels", labels]])


def md5_listing(files: Mapping[str, str]) -> str:
    """The MD5 under which DVC keeps the listing of a folder, from the MD5 of each file by its path from there."""
    ordered = sorted(files.items(), key=lambda each: each[0].split("/"))
    listing = json.dumps([{"md5": md5, "relpath": path} for path, md5 in ordered], sort_keys=True)
    return hashlib.md5(listing.encode(), usedforsecurity=False).hexdigest()


def copy_stream(stream: IO[bytes], path: Path, place: str, limit: int | None = None) -> Snapshot:
    """Copy what a stream gives to a new file, and hash it on the way.

    Raises
    ------
    PratiqueError
        If there are more than `limit` bytes; `place` says where they stand.
    """
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as copy:
        while block := stream.read(BLOCK_BYTES):
            size += len(block)
            if limit is not None and size > limit:
                raise PratiqueError(f"{printable(place)}: more than {limit} bytes; split it, or correct its pointer")
            sha256.update(block)
            md5.update(block)
            copy.write(block)
    return Snapshot(path, sha256.hexdigest(), md5.hexdigest(), size)


def copy_file(source: Path, path: Path, limit: int | None = None) -> Snapshot:
    """Copy a regular file; a link, a pipe or a folder is none.

    Raises
    ------
    PratiqueError
        If it is no regular file, or has more than `limit` bytes.
    """
    with os.fdopen(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise PratiqueError(f"{printable(str(source))}: not a regular file; put the bytes themselves there")
        return copy_stream(stream, path, str(source), limit)
