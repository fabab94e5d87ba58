"""What a change brings: the batches that are new or different since a commit, and what else it touches."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pratique.core import paths
from pratique.core.documents import read_yaml
from pratique.core.errors import PratiqueError
from pratique.decisions import ledger
from pratique.provenance import git
from pratique.tables.arrival import POINTER_SUFFIX, find_incoming

RESULT_PATHS = (
    paths.PROFILE, paths.BATCHES, paths.ACCEPTED, paths.QUARANTINE, paths.RECORDS, paths.MODEL, paths.REPORTS,
    paths.LEDGER, paths.DECISIONS, paths.ATTESTATIONS, Path("dvc.lock"), Path("data/.gitignore"),
)  # fmt: skip
"""What may come with data: the gate believes none of it, except decisions, which it judges."""


@dataclass(frozen=True)
class Change:
    """What lies here, beside a commit.

    Attributes
    ----------
    base : str
        The commit where this change branched off.
    files : tuple of Path
        Incoming files that are new or different.
    brings : bool
        Whether any incoming file is new, different or gone.
    policy : tuple of str
        Changed files that are neither data nor what comes with data, by their path from git's top folder.
    decisions : frozenset of Path
        Decision files that are new or different.
    withdrawn : frozenset of Path
        Decision files of the base that are different or gone.
    """

    base: str
    files: tuple[Path, ...]
    brings: bool
    policy: tuple[str, ...]
    decisions: frozenset[Path]
    withdrawn: frozenset[Path]


def changes_since(ref: str) -> Change:
    """Compare what lies here with the commit where this change branched off `ref`.

    Raises
    ------
    PratiqueError
        If there is no such commit, a file of the incoming folder can't be a batch, or DVC's files are not here.
    """
    base = git.run("merge-base", git.resolve_commit(ref), "HEAD").strip()
    now, before = _decisions_now(), git.list_blobs(base, str(paths.DECISIONS))
    old = {Path(path) for path in before if path.endswith(".json")}
    named = git.hash_objects(str(path) for path in now)
    kept = {path for path in now if before.get(str(path)) == named[str(path)]}
    files, gone = _incoming(base)
    touched = _list_touched(base)
    return Change(
        base,
        files,
        bool(files) or gone or any(_within(path, paths.INCOMING) for path in touched),
        tuple(sorted(path.as_posix() for path in touched if not _comes_with_data(path))),
        frozenset(now - kept),
        frozenset(old - kept),
    )


def pointers(path: Path) -> list[Path]:
    """The files in git that stand for an incoming file: itself, or the pointers that may hold it."""
    folders = [folder for folder in path.parents if folder == paths.INCOMING or paths.INCOMING in folder.parents]
    return [path, *(each.with_name(each.name + POINTER_SUFFIX) for each in (path, *folders))]


def _decisions_now() -> set[Path]:
    return set(paths.DECISIONS.glob("*.json"))


def _incoming(base: str) -> tuple[tuple[Path, ...], bool]:
    """The incoming files that are new or different, and whether one is gone."""
    known = git.list_blobs(base, str(paths.INCOMING), f"{paths.INCOMING}{POINTER_SUFFIX}")
    pointed = bool(_list_pointers()) or any(path.endswith(POINTER_SUFFIX) for path in known)
    if pointed:
        _require_pulled()
    now = {str(path): path for path in incoming_here()}
    same = {
        path for path, name in git.hash_objects(path for path in now if path in known).items() if known[path] == name
    }
    by_dvc: dict[str, str] = {}
    if pointed:
        by_dvc = _dvc_digests(base)
        same |= _same_by_dvc(base, [now[path] for path in now if path in by_dvc], by_dvc)
    gone = {path for path in (*known, *by_dvc) if _is_batch(path)} - set(now)
    return tuple(path for name, path in now.items() if name not in same), bool(gone)


def incoming_here() -> list[Path]:
    """The incoming files, as ingest finds them; none is no error here."""
    any_batch = any(_is_batch(path.name) for path in paths.INCOMING.glob("*/*"))
    return find_incoming(paths.INCOMING) if any_batch else []


def _is_batch(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.name.startswith(".") and pure.suffix != POINTER_SUFFIX


def _list_pointers() -> list[Path]:
    """The pointers with which DVC tracks incoming files here."""
    whole = paths.INCOMING.parent.glob(f"{paths.INCOMING.name}{POINTER_SUFFIX}")
    return sorted([*whole, *paths.INCOMING.rglob(f"*{POINTER_SUFFIX}")])


def _dvc_digests(commit: str | None) -> dict[str, str]:
    """The MD5 that DVC's pointers give each incoming file, at a commit or here.

    Raises
    ------
    PratiqueError
        If the list of a folder is not here.
    """
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException

    try:
        system = DVCFileSystem(rev=commit)
        if not system.exists(str(paths.INCOMING)):
            return {}
        found = system.find(str(paths.INCOMING), detail=True, dvc_only=True)
    except (DvcException, FileNotFoundError) as error:
        raise PratiqueError(f"{paths.INCOMING}: {' '.join(str(error).split())}; run `dvc fetch` first") from error
    return {path: info["md5"] for path, info in found.items() if info.get("md5")}


def _require_own_place(pointer: Path) -> None:
    """Refuse a pointer that is not for the file or folder beside it: it could put its bytes anywhere."""
    match read_yaml(pointer):
        case {"outs": [{"path": pointer.stem}], **rest} if not set(rest) - {"md5"} and not pointer.is_symlink():
            return
    raise PratiqueError(f"{pointer}: expected what `dvc add` writes for the '{pointer.stem}' beside it, no more")


def _require_pulled() -> None:
    """Refuse to judge other bytes than the pointers stand for."""
    for pointer in _list_pointers():
        _require_own_place(pointer)
    for name, md5 in sorted(_dvc_digests(None).items()):
        if not Path(name).is_file():
            raise PratiqueError(f"{name}: not here; run `dvc pull` first")
        if _md5(Path(name)) != md5:
            raise PratiqueError(f"{name}: not the bytes that DVC's pointer stands for; `dvc add` or `dvc checkout` it")


def _same_by_dvc(base: str, files: list[Path], digests: dict[str, str]) -> set[str]:
    """The files that the base has, too. Where its ledger knows their SHA-256, MD5 alone is not believed."""
    known = {entry.batch: entry.subject for entry in ledger_at(base)}
    same = set()
    for path in files:
        subject = known.get(f"{path.parent.name}/{path.stem}")
        data = path.read_bytes()
        agrees = subject in (None, hashlib.sha256(data).hexdigest())
        if agrees and hashlib.md5(data, usedforsecurity=False).hexdigest() == digests[str(path)]:
            same.add(str(path))
    return same


def ledger_at(commit: str) -> list[ledger.Entry]:
    """The ledger of a commit; empty where it has none."""
    if str(paths.LEDGER) not in git.list_blobs(commit, str(paths.LEDGER)):
        return []
    return ledger.parse(git.read_blob(commit, str(paths.LEDGER)), f"{paths.LEDGER} of {commit[:12]}")


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _list_touched(base: str) -> list[Path]:
    """Every file in git that differs from the base, by its path from here; `..` leads out of this folder."""
    prefix = PurePosixPath(git.run("rev-parse", "--show-prefix").strip())
    printed = git.run("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", base)
    up = Path(*[".."] * len(prefix.parts))
    return [
        Path(*path.parts[len(prefix.parts) :]) if path.is_relative_to(prefix) else up / path
        for path in (PurePosixPath(name) for name in printed.split("\0") if name)
    ]


def _comes_with_data(path: Path) -> bool:
    """Whether a change of data may touch a file: not if it can tell DVC or git what to run, fetch or overlook."""
    if path.name == "dvc.yaml" or (path.name.startswith(".") and path.name != ".gitignore"):
        return False
    data = _within(path, paths.INCOMING) or path == Path(f"{paths.INCOMING}{POINTER_SUFFIX}")
    if path.suffix == POINTER_SUFFIX:
        return data
    return data or any(_within(path, place) for place in RESULT_PATHS) or path.suffix == ".md"


def _within(path: Path, place: Path) -> bool:
    return path == place or place in path.parents
