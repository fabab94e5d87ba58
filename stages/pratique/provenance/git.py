"""What git knows: who wrote which file when, and what a file was at another commit."""

import contextlib
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pratique.core.errors import PratiqueError

IDENTITY_PATTERN = re.compile(r"(?P<name>[^<>\n]*?) ?<(?P<email>[^<>\s]*)>")


@dataclass(frozen=True)
class Commit:
    """One commit, as it describes itself: anybody can write any author, committer and date."""

    sha: str
    author: str
    committer: str
    date: str


def email_of(identity: str) -> str:
    """The address in `Name <address>`, in lower case; all of it where there is none.

    Examples
    --------
    >>> email_of("Ann Lee <Ann@example.org>")
    'ann@example.org'
    """
    match = IDENTITY_PATTERN.search(identity)
    return (match["email"] if match else identity).strip().lower()


def command(*words: str) -> list[str]:
    """A command of git's that takes objects for what they are: no replacements, paths as they stand."""
    return ["git", "--no-replace-objects", "-c", "core.quotePath=false", *words]


def run_bytes(*words: str, folder: Path | None = None) -> bytes:
    """Run git in a folder, the current one if none is given; the bytes that it printed.

    Raises
    ------
    PratiqueError
        If there is no git, or it refuses.
    """
    try:
        done = subprocess.run(command(*words), capture_output=True, cwd=folder)
    except FileNotFoundError as error:
        raise PratiqueError(f"git {words[0]}: {error}") from error
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise PratiqueError(f"git {words[0]}: {said or f'exit code {done.returncode}'}")
    return done.stdout


def run(*words: str, folder: Path | None = None) -> str:
    """Run git; what it printed, which must be UTF-8. See `run_bytes` for what it raises."""
    try:
        return run_bytes(*words, folder=folder).decode()
    except UnicodeDecodeError as error:
        raise PratiqueError(f"git {words[0]}: {error}") from error


def read_identity() -> str:
    """`Name <address>` of whoever works here, as git would sign a commit.

    Raises
    ------
    PratiqueError
        If git does not know.
    """
    try:
        match = IDENTITY_PATTERN.match(run("var", "GIT_COMMITTER_IDENT"))
    except PratiqueError as error:
        raise PratiqueError("git does not know who you are; set `git config user.name` and `user.email`") from error
    if match is None or not match["email"]:
        raise PratiqueError("git does not know your address; set `git config user.email`")
    return f"{match['name']} <{match['email']}>"


def resolve_commit(ref: str) -> str:
    """The commit that a name stands for.

    Raises
    ------
    PratiqueError
        If there is none.
    """
    try:
        return run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
    except PratiqueError as error:
        fault = f"'{ref}': no such commit here; fetch it first (in CI: check out all history)"
        raise PratiqueError("nothing is committed here yet; commit first" if ref == "HEAD" else fault) from error


def find_prefix(folder: Path | None = None) -> PurePosixPath:
    """The way from git's top folder to this one: git's objects name files from there, all else from this one."""
    return PurePosixPath(run("rev-parse", "--show-prefix", folder=folder).removesuffix("\n"))


def find_main_branch() -> str:
    """The branch that changes are merged into: the default one of the remote `origin`, else the one checked out here.

    Raises
    ------
    PratiqueError
        If there is neither.
    """
    for ref, place in (("refs/remotes/origin/HEAD", "refs/remotes/origin/"), ("HEAD", "refs/heads/")):
        with contextlib.suppress(PratiqueError):
            return run("symbolic-ref", "--quiet", ref).strip().removeprefix(place)
    raise PratiqueError("no branch is checked out here; `git switch` to the one that changes are merged into")


def list_blobs(commit: str, *folders: str) -> dict[str, str]:
    """The files of a commit below these places of this folder, each with the name that git gives its content."""
    listed = run("ls-tree", "-r", "-z", commit, "--", *folders)
    entries = (entry.split("\t", 1) for entry in listed.split("\0") if entry)
    return {path: words.split()[2] for words, path in entries if words.split()[1] == "blob"}


def read_blob(commit: str, path: str) -> bytes:
    """The bytes of a file at a commit; the path is from this folder, which may be below git's."""
    try:
        return run_bytes("cat-file", "blob", f"{commit}:./{path}")
    except PratiqueError as error:
        raise PratiqueError(f"{path}: not in commit {commit[:12]}") from error


def read_commits(
    paths: Iterable[str], tip: str = "HEAD", since: str | None = None, first_parent: bool = False
) -> list[Commit]:
    """The commits up to `tip` that touched any of these files, newest first; with `since`, those after that commit.

    With `first_parent` a merge stands for the branch that it brought in.
    """
    span = [f"{since}..{tip}" if since else tip, *(["--first-parent"] if first_parent else [])]
    form = "%H%x00%an <%ae>%x00%cn <%ce>%x00%cI"
    printed = run("log", "--no-show-signature", f"--format={form}", *span, "--", *(f":(literal){p}" for p in paths))
    return [
        Commit(*line.split("\0")) for line in filter(None, printed.split("\n"))
    ]  # other line breaks may stand in names


def is_uncommitted(path: Path) -> bool:
    """Whether a file differs from HEAD, or is not in it."""
    return bool(run("status", "--porcelain", "--untracked-files=all", "--", f":(literal){path.as_posix()}"))
