"""What DVC's lock and pointers say of files, held to what DVC computes of the files that are here."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.core import paths
from pratique.core.errors import PratiqueError, printable
from pratique.gate.pointers import parse_lock
from pratique.lineage.claim import Claim, not_verified

if TYPE_CHECKING:
    from dvc.output import Output
    from dvc.repo import Repo
    from dvc.stage import Stage


def claim_lock() -> Claim:
    """The lock and the pointers give digests, sizes, params and commands that are those of what lies here."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        repo = Repo()
    except DvcException:
        return not_verified(str(paths.LOCK), "there is no DVC repository here")
    with repo:
        return Claim.of(str(paths.LOCK), "computed, pointers too", lambda: _find_stale(repo))


def list_stale(stages: Collection[str], but: Path) -> list[str]:
    """What is not as the pointers, or these stages of the lock, say; but for one dependency.

    Raises
    ------
    PratiqueError
        If there is no DVC repository here, or the lock can't be read.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        repo = Repo()
    except DvcException as error:
        raise PratiqueError("there is no DVC repository here; `dvc init` makes one") from error
    with repo:
        return list(_find_stale(repo, stages, but))


def _find_stale(repo: "Repo", only: Collection[str] | None = None, but: Path | None = None) -> Iterator[str]:
    from dvc.exceptions import DvcException

    pipeline = paths.PIPELINE.read_bytes() if paths.PIPELINE.is_file() else None
    locked = set(parse_lock(paths.LOCK.read_bytes(), pipeline)) if paths.LOCK.is_file() else set()
    try:
        stages = [stage for stage in repo.index.stages if Path(stage.path).is_relative_to(Path.cwd())]
        for stage in stages:
            if stage.is_data_source or (stage.name in locked and (only is None or stage.name in only)):
                yield from _find_differing(stage, but)
    except DvcException as error:
        raise PratiqueError(f"{paths.LOCK}: {printable(str(error))}; let DVC write it: `dvc repro`") from error
    for name in sorted(locked - {stage.name for stage in stages if not stage.is_data_source}):
        yield f"{paths.LOCK}: {printable(name)}: no stage of {paths.PIPELINE}; run `dvc repro`"


def _find_differing(stage: "Stage", but: Path | None) -> Iterator[str]:
    """What is here and is not as the stage's lock, or the pointer, says, but for one place.

    What is not here is told elsewhere.
    """
    from dvc.dependency.param import ParamsDependency

    is_pointer = stage.is_data_source
    place = Path(stage.path).relative_to(Path.cwd()).as_posix() if is_pointer else f"{paths.LOCK}: {stage.name}"
    if not is_pointer and stage.cmd_changed:
        yield f"{place}: another command than {paths.PIPELINE} has; run `dvc repro`"
    for item in (*stage.deps, *stage.outs):
        if str(item) == str(but):
            continue
        if isinstance(item, ParamsDependency):
            differs = item.workspace_status()
        else:
            differs = item.exists and _measure(item) != (item.hash_info.value, item.meta.size, item.meta.nfiles)
        if differs:
            remedy = f"`dvc add {item}`" if is_pointer else "run `dvc repro`"
            yield f"{place}: {printable(str(item))} is not as it says; {remedy}"


def _measure(item: "Output") -> tuple[str | None, int | None, int | None]:
    """Digest, size and number of files of what lies here, as DVC gives them."""
    from dvc_data.hashfile.build import build

    _, meta, found = build(item.local_cache, item.fs_path, item.fs, "md5", ignore=item.dvcignore, dry_run=True)
    return found.hash_info.value, meta.size, meta.nfiles
