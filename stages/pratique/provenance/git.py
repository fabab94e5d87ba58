"""What git knows: who wrote which file when, and what a file was at another commit."""

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pratique.core.errors import PratiqueError

IDENTITY_PATTERN = re.compile(r"(?P<name>[^<>\n]*?) ?<(?P<email>[^<>\s]*)>")
FORGE_COMMITTERS = frozenset({"noreply@github.com"})
"""Committers of what people do on a web page: they stand for nobody."""


@dataclass(frozen=True)
class Commit:
    """Who made one commit, and when it was made."""

    sha: str
    author: str
    committer: str
    date: str

    @property
    def people(self) -> frozenset[str]:
        """E-mail addresses of author and committer, in lower case."""
        return frozenset(email_of(who) for who in (self.author, self.committer)) - FORGE_COMMITTERS


def email_of(identity: str) -> str:
    """The address in `Name <address>`, in lower case; all of it where there is none.

    Examples
    --------
    >>> email_of("Ann Lee <Ann@example.org>")
    'ann@example.org'
    """
    match = IDENTITY_PATTERN.search(identity)
    return (match["email"] if match else identity).strip().lower()


def run(*words: str, given: str | None = None) -> str:
    """Run git in the current folder; what it printed.

    Raises
    ------
    PratiqueError
        If there is no git, or it refuses.
    """
    try:
        done = subprocess.run(
            ["git", "-c", "core.quotePath=false", *words], input=given, capture_output=True, encoding="utf-8"
        )
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise PratiqueError(f"git {words[0]}: {error}") from error
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise PratiqueError(f"git {words[0]}: {said or f'exit code {done.returncode}'}")
    return done.stdout


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
        raise PratiqueError(f"'{ref}': no such commit here; fetch it first (in CI: check out all history)") from error


def list_blobs(commit: str, *folders: str) -> dict[str, str]:
    """The files of a commit below these places, each with the name that git gives its content."""
    listed = run("ls-tree", "-r", "-z", "--full-tree", commit, "--", *folders)
    entries = (entry.split("\t", 1) for entry in listed.split("\0") if entry)
    return {path: words.split()[2] for words, path in entries if words.split()[1] == "blob"}


def hash_objects(paths: Iterable[str]) -> dict[str, str]:
    """The name that git would give the content of each file as it lies on disk now; every byte is read."""
    wanted = list(paths)
    if not wanted:
        return {}
    printed = run("hash-object", "--stdin-paths", given="".join(f"{path}\n" for path in wanted))
    return dict(zip(wanted, printed.split(), strict=True))


def read_blob(commit: str, path: str) -> bytes:
    """The bytes of a file at a commit."""
    done = subprocess.run(["git", "cat-file", "blob", f"{commit}:{path}"], capture_output=True)
    if done.returncode:
        raise PratiqueError(f"{path}: not in commit {commit[:12]}")
    return done.stdout


def read_commits(paths: Iterable[str], since: str | None = None) -> list[Commit]:
    """The commits that touched any of these files, newest first; with `since`, those after that commit only."""
    span = [f"{since}..HEAD"] if since else ["HEAD"]
    form = "%H%x00%an <%ae>%x00%cn <%ce>%x00%cI"
    printed = run("log", "--no-show-signature", f"--format={form}", *span, "--", *(f":(literal){p}" for p in paths))
    return [Commit(*line.split("\0")) for line in printed.splitlines()]


def is_uncommitted(path: Path) -> bool:
    """Whether a file differs from HEAD, or is not in it."""
    return bool(run("status", "--porcelain", "--untracked-files=all", "--", f":(literal){path.as_posix()}"))
