"""The models of the past: which accepted batches each committed model learned from, as git and DVC know."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pratique.core import paths
from pratique.core.documents import parse_yaml
from pratique.core.errors import PratiqueError
from pratique.provenance import git
from pratique.provenance.git import Commit
from pratique.training.manifest import MANIFEST, parse_manifest


@dataclass(frozen=True)
class PastModel:
    """A model, the commit that first had it, and the batches it learned from; None where their list is lost."""

    commit: Commit
    digest: str
    batches: tuple[str, ...] | None


def past_models() -> list[PastModel]:
    """Every model that a commit of this branch had, oldest first; none outside a repository.

    Those that the pipeline trained, by its lock; and those of a team's own stage, by the manifests that git holds.
    """
    return [*_read_locked(), *_read_told()]


def _read_locked() -> list[PastModel]:
    found: dict[str, PastModel] = {}
    for commit, data in _list_versions(paths.LOCK):
        lock: Any = parse_yaml(data.decode("utf-8", "replace"), f"{paths.LOCK} of {commit.sha[:12]}")
        match lock:
            case {"stages": {"train": {"outs": [{"md5": str(md5)}, *_]}}} if md5 not in found:
                found[md5] = PastModel(commit, f"md5 {md5}", _list_accepted(commit.sha))
    return list(found.values())


def _read_told() -> list[PastModel]:
    found: dict[tuple[str, tuple[str, ...] | None], PastModel] = {}
    for commit, data in _list_versions(MANIFEST):
        try:
            told = parse_manifest(data, str(MANIFEST))
            model = PastModel(commit, f"sha256 {told.sha256}", tuple(each.batch for each in told.batches))
        except PratiqueError:
            model = PastModel(commit, "with a damaged manifest", None)
        found.setdefault((model.digest, model.batches), model)
    return list(found.values())


def _list_versions(place: Path) -> Iterator[tuple[Commit, bytes]]:
    """A file as each commit had it that touched it, oldest first; nothing outside a repository."""
    try:
        commits = git.read_commits([str(place)])[::-1]
    except PratiqueError:
        return
    for commit in commits:
        if str(place) in git.list_blobs(commit.sha, str(place)):
            yield commit, git.read_blob(commit.sha, str(place))


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
