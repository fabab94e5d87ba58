"""What DVC's own files say of data that git does not hold, read by a schema of the gate's that knows nothing else.

DVC's files can name remotes, URLs, repositories and places anywhere. A pointer that stands for data beside it needs
none of that, and one that has more than that is refused.
"""

import posixpath
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field

from pratique.core import paths
from pratique.core.documents import parse_json, parse_yaml
from pratique.core.errors import PratiqueError, printable
from pratique.core.sections import Section, parse

MAX_POINTER_BYTES = 4096
FOLDER_SUFFIX = ".dir"

Md5 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Output(Section):
    """What DVC tracks at one place: the MD5 of a file, or that of a folder's listing with `.dir` behind it."""

    path: str = Field(min_length=1)
    md5: str = Field(pattern=r"^[0-9a-f]{32}(\.dir)?$")
    hash: Literal["md5"]
    size: int = Field(ge=0)
    nfiles: int | None = Field(None, ge=0)

    @property
    def is_folder(self) -> bool:
        """Whether it stands for a folder."""
        return self.md5.endswith(FOLDER_SUFFIX)


class _Pointer(Section):
    outs: list[Output] = Field(min_length=1, max_length=1)


class _Listed(Section):
    md5: Md5
    relpath: str = Field(min_length=1)


class _Listing(Section):
    files: list[_Listed]


@dataclass(frozen=True)
class LockedStage:
    """One stage of dvc.lock: all that it says, and its outputs by path from this folder."""

    said: dict[str, Any]
    outputs: dict[str, dict[str, Any]]


def parse_pointer(data: bytes, path: str) -> Output:
    """The output in a pointer, which must be for the file or folder beside it.

    Raises
    ------
    PratiqueError
        If the pointer holds anything else than `dvc add` writes.
    """
    beside = PurePosixPath(path).stem
    text = _decode(data, path)
    try:
        (output,) = parse(_Pointer, parse_yaml(text, path), path).outs
    except PratiqueError as error:
        raise PratiqueError(f"{printable(str(error))}; expected what `dvc add {beside}` writes, no more") from error
    if output.path != beside:
        raise PratiqueError(f"{path}: is for '{printable(output.path)}'; expected the '{beside}' beside it")
    return output


def parse_output(said: Any, place: str) -> Output:
    """An output as dvc.lock names it; see `parse_pointer` for what it raises."""
    return parse(Output, said, place)


def parse_listing(data: bytes, place: str) -> dict[str, str]:
    """The files of a folder that DVC tracks, by path from that folder: the MD5 of each.

    Raises
    ------
    PratiqueError
        If it is no listing, or a path is repeated or leads out of the folder.
    """
    listed = parse(_Listing, {"files": parse_json(data, place)}, place).files
    files = {each.relpath: each.md5 for each in listed}
    if len(files) < len(listed):
        raise PratiqueError(f"{place}: names a file twice; `dvc add` the folder again")
    for path in files:
        if path != posixpath.normpath(path) or path.startswith(("/", "..")) or not path.isprintable():
            raise PratiqueError(f"{place}: '{printable(path)}' leads out of the folder; `dvc add` it again")
    return files


@lru_cache(maxsize=4)
def parse_lock(data: bytes, pipeline: bytes | None) -> dict[str, LockedStage]:
    """The stages of a dvc.lock; equal bytes, as of two commits, are read once.

    Parameters
    ----------
    data : bytes
    pipeline : bytes, optional
        The dvc.yaml beside it: it says in which folder a stage runs.

    Raises
    ------
    PratiqueError
        If it is no lock in the form of DVC 3.
    """
    stages: dict[Any, Any] = {}
    match parse_yaml(_decode(data, str(paths.LOCK)), str(paths.LOCK)):
        case {"schema": "2.0", "stages": dict(found), **rest} if not rest:
            stages = found
        case {"schema": "2.0", **rest} if not rest:
            pass
        case _:
            raise PratiqueError(f"{paths.LOCK}: not a lock of DVC 3; run `dvc repro`")
    folders = {} if pipeline is None else _folders(pipeline)
    return {str(name): _stage(str(name), said, folders) for name, said in stages.items()}


def _stage(name: str, said: Any, folders: dict[str, str]) -> LockedStage:
    fault = PratiqueError(f"{paths.LOCK}: {printable(name)}: not a stage as DVC writes it; run `dvc repro`")
    folder = folders.get(name.split("@")[0], "")
    outputs: dict[str, dict[str, Any]] = {}
    match said:
        case {"cmd": _, **rest} if set(rest) <= {"deps", "params", "outs"}:
            listed = rest.get("outs", [])
            for out in listed if isinstance(listed, list) else [fault]:
                if not isinstance(out, dict) or not isinstance(out.get("path"), str):
                    raise fault
                outputs[posixpath.normpath(posixpath.join(folder, out["path"]))] = out
            return LockedStage(said, outputs)
    raise fault


def _folders(pipeline: bytes) -> dict[str, str]:
    """The folder of each stage that does not run in this one."""
    match parse_yaml(_decode(pipeline, str(paths.PIPELINE)), str(paths.PIPELINE)):
        case {"stages": dict(stages)}:
            return {str(name): str(said["wdir"]) for name, said in stages.items() if "wdir" in _fields_of(said)}
    return {}


def _fields_of(said: Any) -> dict[str, Any]:
    return said if isinstance(said, dict) else {}


def _decode(data: bytes, place: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise PratiqueError(f"{printable(place)}: not UTF-8 at offset {error.start}; let DVC write it") from error
