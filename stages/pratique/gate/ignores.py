"""Files that tell git and DVC what to overlook: DVC does not read a pointer that they name, and its batch is gone."""

import posixpath
from collections.abc import Iterator

from pathspec import GitIgnoreSpec

from pratique.core import paths
from pratique.core.errors import printable
from pratique.gate.changes import Change, Refusal
from pratique.tables.arrival import POINTER_SUFFIX
from pratique.tables.labels import labels_place

GIT_IGNORE, DVC_IGNORE = ".gitignore", ".dvcignore"


def refuse_ignores(change: Change) -> list[Refusal]:
    """The files of the change that hide a pointer to batches or trusted rows, or the pipeline, sorted by path."""
    found = []
    for path in change.touched:
        if posixpath.basename(path) in (GIT_IGNORE, DVC_IGNORE) and path in change.head.entries:
            hidden = next(_list_hidden(change, path), None)
            if hidden is not None:
                reason = f"DVC would overlook {printable(hidden)}"
                found.append(Refusal(path, reason, f"take the line that names it out of {path}"))
    return found


def _list_hidden(change: Change, path: str) -> Iterator[str]:
    lines = change.head.read(path).decode("utf-8", "replace").splitlines()
    try:
        ignored = GitIgnoreSpec.from_lines(lines)
    except ValueError:  # as a lone backslash, which git takes for nothing
        yield "more than can be told"
        return
    folder, top = posixpath.dirname(path), change.head.folder.as_posix()
    for name in _list_needed(change, path):
        seen = posixpath.relpath(posixpath.join(top, name), posixpath.join(top, folder))
        if not seen.startswith("../") and ignored.match_file(seen):
            yield name


def _list_needed(change: Change, path: str) -> Iterator[str]:
    """What DVC must see; git may well overlook a batch that a pointer stands for."""
    for name in change.head.below(paths.INCOMING.parent):
        if name.endswith(POINTER_SUFFIX):
            yield name
    yield from map(str, (paths.PIPELINE, paths.LOCK))
    if posixpath.basename(path) == DVC_IGNORE:
        for held in change.after.files.values():
            yield from (each.as_posix() for each in held.files)
        yield from (labels_place(batch).as_posix() for batch in change.after.labels)
