"""Fitted objects on disk: skops archives, never pickle, rewritten so that equal objects give equal bytes."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pratique.core.errors import PratiqueError
from pratique.core.writing import write_bytes

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)

UNSHARED = ("JsonNode", "TypeNode", "TupleNode")
"""Nodes of values that can't change: whether two equal ones are one object is the interpreter's whim."""


class FieldsOnly:
    """What a dataclass inherits so that an archive holds its fields alone: what was cached beside them is made anew."""

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]


def dump(path: Path, value: Any) -> None:
    """Write an object as a canonical skops archive."""
    write_bytes(path, dumps(value))


def dumps(value: Any) -> bytes:
    """An object as a canonical skops archive."""
    import skops.io

    return _canonicalize(skops.io.dumps(value))


def load(path: Path, trusted: Iterable[str], remedy: str = "write the file anew") -> Any:
    """Read an object back.

    Parameters
    ----------
    path : Path
    trusted : iterable of str
        Full names of the types beyond those of skops's own list that the archive may hold.
    remedy : str
        What to do where it holds another type.

    Raises
    ------
    PratiqueError
        If the file is missing, is no archive, or holds a type that is not trusted.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    data = read_existing(path)
    try:
        return skops.io.loads(data, trusted=sorted(trusted))
    except UntrustedTypesFoundException as error:
        strange = set(skops.io.get_untrusted_types(data=data)) - set(trusted)
        raise PratiqueError(f"{path}: holds {min(strange)}, which is not trusted; {remedy}") from error
    except Exception as error:  # zipfile, numpy and skops raise whatever damaged bytes happen to hit
        raise PratiqueError(f"{path}: not a readable archive ({error}); write the file anew") from error


def read_existing(path: Path) -> bytes:
    """The bytes of an archive; `PratiqueError` if there is none, with what writes it."""
    if not path.is_file():
        raise PratiqueError(f"{path}: not found; run `pratique calibrate` (or `dvc repro`) first")
    return path.read_bytes()


def zip_members(members: Mapping[str, bytes], compression: int) -> bytes:
    """A zip file that is the same bytes for the same members: sorted by name, with one date."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=compression) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), members[name], zipfile.ZIP_DEFLATED, compression)
    return out.getvalue()


def _canonicalize(data: bytes) -> bytes:
    """The same archive with running numbers for memory addresses, fixed dates and ordered members."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read("schema.json"))
        numbers: dict[int, int] = {}
        files: dict[str, str] = {}
        _renumber(schema, numbers, files)
        members = {new: archive.read(old) for old, new in files.items()}
    members["schema.json"] = json.dumps(schema).encode()  # the order of keys is the order of a dict
    return zip_members(members, compression=6)


def _renumber(node: Any, numbers: dict[int, int], files: dict[str, str]) -> None:
    """Replace memory addresses and the file names made of them, in the order in which they are met."""
    if isinstance(node, list):
        for item in node:
            _renumber(item, numbers, files)
    elif isinstance(node, dict):
        if node.get("__loader__") in UNSHARED:
            node.pop("__id__", None)
        if isinstance(node.get("__id__"), int):
            node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
        if isinstance(node.get("file"), str):
            old = node["file"]
            node["file"] = files.setdefault(old, f"{len(files) + 1:06d}{Path(old).suffix}")
        for item in node.values():
            _renumber(item, numbers, files)
