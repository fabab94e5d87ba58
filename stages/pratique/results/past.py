"""The models of the past: which accepted batches each committed model learned from, as git and DVC know."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pratique.core import paths
from pratique.core.documents import parse_yaml
from pratique.core.errors import PratiqueError
from pratique.provenance import git
from pratique.provenance.git import Commit


@dataclass(frozen=True)
class PastModel:
    """A model, the commit that first had it, and the batches it learned from; None where DVC lost their list."""

    commit: Commit
    md5: str
    batches: tuple[str, ...] | None


def past_models() -> list[PastModel]:
    """Every model that a commit of this branch had, oldest first; none outside a repository."""
    try:
        commits = git.read_commits([str(paths.LOCK)])[::-1]
    except PratiqueError:
        return []
    found: dict[str, PastModel] = {}
    for commit in commits:
        for md5 in _models(commit.sha):
            if md5 not in found:
                found[md5] = PastModel(commit, md5, _list_accepted(commit.sha))
    return list(found.values())


def _models(commit: str) -> Iterator[str]:
    """The MD5 by which the commit's lock names the model."""
    name = str(paths.LOCK)
    if name in git.list_blobs(commit, name):
        lock: Any = parse_yaml(git.read_blob(commit, name).decode("utf-8", "replace"), f"{name} of {commit[:12]}")
        match lock:
            case {"stages": {"train": {"outs": [{"md5": str(md5)}, *_]}}}:
                yield md5


def _list_accepted(commit: str) -> tuple[str, ...] | None:
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        place = (paths.ACCEPTED.absolute().relative_to(Repo.find_root())).as_posix()
        files = DVCFileSystem(rev=commit).find(place, dvc_only=True)
    except (DvcException, FileNotFoundError):
        return None
    return tuple(path.removeprefix(f"{place}/").removesuffix(".parquet") for path in files) or None
