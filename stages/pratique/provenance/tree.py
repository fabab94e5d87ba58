"""A commit as git's objects hold it. Nothing is checked out, so nothing in it can run, link, filter or be opened."""

import posixpath
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from pratique.core.documents import MAX_DOCUMENT_BYTES
from pratique.core.errors import PratiqueError, printable
from pratique.core.snapshot import Snapshot, copy_stream
from pratique.provenance import git

REGULAR_FILE = "100644"
ODD_MODES = {
    "120000": "a link; expected a file of its own",
    "160000": "a submodule; expected a file of its own",
    "100755": "an executable file; `chmod -x` it",
}


@dataclass(frozen=True)
class Entry:
    """One file of a commit: its raw mode, and the name that git gives its content."""

    mode: str
    object: str

    @property
    def oddity(self) -> str | None:
        """Why it is no plain file; None if it is one."""
        return None if self.mode == REGULAR_FILE else ODD_MODES.get(self.mode, f"of mode {self.mode}")


@dataclass(frozen=True)
class Tree:
    """The files of a commit.

    Attributes
    ----------
    commit : str
    folder : Path
        Where the repository is, so that its objects can be read from anywhere.
    entries : dict of str to Entry
        By path from this folder; `..` leads out of it, up to git's top folder.
    """

    commit: str
    folder: Path
    entries: dict[str, Entry]

    @classmethod
    def of(cls, commit: str) -> "Tree":
        """Everything that a commit holds."""
        prefix = git.find_prefix()
        listed = git.run_bytes("ls-tree", "-r", "-z", "--full-tree", commit).decode("utf-8", "surrogateescape")
        entries = {}
        for line in filter(None, listed.split("\0")):
            words, path = line.split("\t", 1)
            mode, _, name = words.split()
            entries[_seen_from(prefix, path)] = Entry(mode, name)
        return cls(commit, Path.cwd(), entries)

    @cached_property
    def prefix(self) -> PurePosixPath:
        """The way from git's top folder to this one."""
        return git.find_prefix(self.folder)

    def resolve(self, folder: PurePosixPath, path: str) -> str:
        """How a path that is given from another folder of the commit is seen from this one."""
        return _seen_from(self.prefix, posixpath.normpath(self.prefix / folder / path))

    def below(self, *places: Path) -> dict[str, Entry]:
        """The entries at or below some places."""
        tops = [place.as_posix() for place in places]
        return {
            path: entry
            for path, entry in self.entries.items()
            if any(path == top or path.startswith(f"{top}/") for top in tops)
        }

    def list_differing(self, other: "Tree") -> list[str]:
        """The paths, sorted, at which two commits hold different files, or one of them holds none."""
        paths = self.entries.keys() | other.entries.keys()
        return sorted(path for path in paths if self.entries.get(path) != other.entries.get(path))

    def read(self, path: str, limit: int = MAX_DOCUMENT_BYTES) -> bytes:
        """The bytes of a plain file.

        Raises
        ------
        PratiqueError
            If it is no plain file, or has more than `limit` bytes.
        """
        name = self._require_plain(path)
        if self.size_of(path) > limit:
            raise PratiqueError(f"{printable(path)}: more than {limit} bytes; expected what a person or DVC wrote")
        return git.run_bytes("cat-file", "blob", name, folder=self.folder)

    def size_of(self, path: str) -> int:
        """How many bytes a file holds."""
        return int(git.run("cat-file", "-s", self.entries[path].object, folder=self.folder))

    def copy(self, path: str, place: Path, limit: int) -> Snapshot:
        """Copy a plain file to a place of ours, and hash it on the way; see `read` for what it raises."""
        command = git.command("cat-file", "blob", self._require_plain(path))
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        with subprocess.Popen(command, cwd=self.folder, stdout=pipe, stderr=nothing) as process:
            assert process.stdout is not None
            try:
                copy = copy_stream(process.stdout, place, path, limit)
            except PratiqueError:
                process.kill()
                raise
        if process.returncode:
            raise PratiqueError(f"{printable(path)}: git can't read it in {self.commit[:12]}; fetch the commit again")
        return copy

    def _require_plain(self, path: str) -> str:
        entry = self.entries.get(path)
        why = "not there" if entry is None else entry.oddity
        if entry is None or why:
            raise PratiqueError(f"{printable(path)} of {self.commit[:12]}: {why}")
        return entry.object


def _seen_from(prefix: PurePosixPath, path: str) -> str:
    """A path from git's top folder, as it is seen from a folder below that."""
    if not prefix.parts:
        return path
    top = f"{prefix}/"
    return path.removeprefix(top) if path.startswith(top) else "../" * len(prefix.parts) + path
