"""Other pipelines in the same repository: each has its own params.yaml, and a gate of its own judges its data."""

import shlex
from collections.abc import Iterable
from pathlib import PurePosixPath

from pratique.core import paths
from pratique.core.documents import parse_yaml
from pratique.core.errors import PratiqueError
from pratique.core.home import is_ours
from pratique.provenance.tree import Tree


def list_neighbours(base: Tree) -> tuple[str, ...]:
    """The folders of the other pipelines of a commit, as they are seen from this one, each with a slash behind it."""
    found = (path for path in sorted(base.entries) if PurePosixPath(path).name == paths.PARAMS.name)
    return tuple(
        path.removesuffix(paths.PARAMS.name) for path in found if path != str(paths.PARAMS) and _is(base, path)
    )


def tell_neighbours(neighbours: Iterable[str], base: str, head: str) -> tuple[str, ...]:
    """A line for each other pipeline that is below this one: what judges it.

    Examples
    --------
    >>> tell_neighbours(["../east/", "quality/"], "main", "HEAD")
    ('quality/ is a pipeline of its own, not judged here: `cd quality && pratique gate --base main --head HEAD`',)
    """
    return tuple(
        f"{folder} is a pipeline of its own, not judged here: "
        f"`cd {shlex.quote(folder.rstrip('/'))} && pratique gate --base {base} --head {head}`"
        for folder in neighbours
        if not folder.startswith("..")
    )


def _is(base: Tree, path: str) -> bool:
    """Whether a params.yaml is surely one of ours: of another program's nothing comes with data."""
    try:
        return is_ours(parse_yaml(base.read(path).decode("utf-8", "replace"), path))
    except PratiqueError:
        return False
