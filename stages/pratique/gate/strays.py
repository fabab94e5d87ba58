"""Pointers and locks of DVC's that put files where the pipeline looks, from a place where nobody looks for a pointer.

DVC follows each of them wherever it lies, so a file beside some document could bring a batch, a decision or a
reference. What the pipeline reads or makes has its pointer beside it, or stands in the lock of the pipeline.
"""

import posixpath
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from pratique.core import paths
from pratique.core.documents import parse_yaml
from pratique.core.errors import PratiqueError, printable
from pratique.gate.changes import Change, Refusal
from pratique.gate.pointers import parse_lock
from pratique.provenance.tree import Tree
from pratique.tables.arrival import POINTER_SUFFIX

GUARDED = (
    paths.PARAMS, paths.PIPELINE, paths.LOCK, paths.SCHEMA.parent, paths.SOURCES, paths.REFERENCE, paths.HOLDOUT,
    paths.PROMOTED, paths.INCOMING, paths.LABELS, paths.DECISIONS, paths.STANDING, paths.PROFILE, paths.BATCHES,
    paths.ACCEPTED, paths.QUARANTINE, paths.RECORDS, paths.MODEL, paths.REPORTS, paths.LEDGER, paths.ATTESTATIONS,
    paths.BASELINE,
)  # fmt: skip
"""What no pointer from elsewhere may write; below folders of git's and DVC's own none may write, either."""
OWN_POINTERS = (paths.REFERENCE, paths.HOLDOUT, paths.PROMOTED, paths.LABELS, paths.BASELINE)
"""Where a pointer lies beside what it stands for."""
OWN_FOLDERS = frozenset({".git", ".dvc"})
TEMPLATE = "${"
LINK_MODE = "120000"


def refuse_strays(change: Change) -> list[Refusal]:
    """The pointers and locks of the change that put something where the pipeline looks, sorted by path."""
    head = change.head
    linked = any(path in head.entries and head.entries[path].mode == LINK_MODE for path in change.touched)
    found = []
    for path in sorted(head.entries if linked else _with_locks(change)):
        if path in head.entries and head.entries[path].oddity is None and _may_stray(path):
            reason = _find_fault(head, path)
            if reason is not None:
                found.append(Refusal(path, reason, f"git rm {path}; a pointer lies beside what it stands for"))
    return found + [
        Refusal(str(paths.LOCK), f"stage '{printable(name)}' has a folder that is not written out", "write `wdir` out")
        for name, stage in sorted(change.after.stages.items())
        if stage != change.before.stages.get(name) and any(TEMPLATE in path for path in stage.outputs)
    ]


def _with_locks(change: Change) -> set[str]:
    """What the change touches, and the locks whose pipeline it touches."""
    pipelines = (path for path in change.touched if PurePosixPath(path).name == paths.PIPELINE.name)
    return {*change.touched, *(posixpath.join(posixpath.dirname(path), paths.LOCK.name) for path in pipelines)}


def _may_stray(path: str) -> bool:
    """Whether it is a pointer or a lock that is not read by its own rules: those of batches and of the pipeline are."""
    pure = PurePosixPath(path)
    if pure.name == paths.LOCK.name:
        return path != str(paths.LOCK)
    own = pure.is_relative_to(paths.INCOMING) or path == f"{paths.INCOMING}{POINTER_SUFFIX}"
    return path.endswith(POINTER_SUFFIX) and not own


def _find_fault(tree: Tree, path: str) -> str | None:
    """Why a pointer or a lock may not lie here; None if it may."""
    try:
        outputs = list(_list_outputs(tree, path))
    except PratiqueError as error:
        return str(error).removeprefix(f"{path}: ")
    for named in outputs:
        if posixpath.isabs(named) or TEMPLATE in named:
            return f"stands for {printable(named)}; expected a place beside it"
        output = posixpath.relpath(posixpath.join(tree.folder.as_posix(), named), tree.folder.as_posix())
        if output == path.removesuffix(POINTER_SUFFIX) and _is_within(output, OWN_POINTERS):
            continue
        if _is_guarded(output) or any(_is_link(tree, place) for place in (output, *_parents(output))):
            return f"stands for {printable(output)}, which is the pipeline's or leads there"
    return None


def _list_outputs(tree: Tree, path: str) -> Iterator[str]:
    """Where DVC puts what a pointer or a lock names, from this folder."""
    folder, data = posixpath.dirname(path), tree.read(path)
    if not path.endswith(POINTER_SUFFIX):
        pipeline = posixpath.join(folder, paths.PIPELINE.name)
        stages = parse_lock(data, tree.read(pipeline) if pipeline in tree.entries else None).values()
        yield from (posixpath.normpath(posixpath.join(folder, place)) for stage in stages for place in stage.outputs)
        return
    match parse_yaml(data.decode("utf-8", "replace"), path):
        case {"outs": list(outs), **rest}:
            for out in outs:
                yield posixpath.normpath(posixpath.join(folder, str(rest.get("wdir", "")), _place_of(out, path)))
        case _:
            raise PratiqueError(f"{path}: not a pointer as DVC writes it")


def _place_of(out: Any, path: str) -> str:
    if not isinstance(out, dict) or not isinstance(out.get("path"), str):
        raise PratiqueError(f"{path}: not a pointer as DVC writes it")
    return str(out["path"])


def _is_guarded(output: str) -> bool:
    """Whether it is the pipeline's: at or below its places, or above one; case tells nothing on some disks."""
    place = PurePosixPath(output.casefold())
    if not OWN_FOLDERS.isdisjoint(place.parts) or set(place.parts) == {".."}:
        return True
    return _is_within(output.casefold(), GUARDED) or any(place in each.parents for each in map(_pure, GUARDED))


def _is_within(output: str, places: tuple[Path, ...]) -> bool:
    return any(PurePosixPath(output).is_relative_to(_pure(place)) for place in places)


def _pure(place: Path) -> PurePosixPath:
    return PurePosixPath(place.as_posix())


def _parents(output: str) -> list[str]:
    return [parent.as_posix() for parent in PurePosixPath(output).parents]


def _is_link(tree: Tree, place: str) -> bool:
    return place in tree.entries and tree.entries[place].mode == LINK_MODE
