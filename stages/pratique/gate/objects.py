"""What DVC keeps, fetched by digest: where to look is what the base says, what comes back is held to the digest."""

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.core.errors import PratiqueError, printable
from pratique.core.snapshot import Snapshot, copy_file, copy_stream
from pratique.gate.pointers import FOLDER_SUFFIX, parse_listing
from pratique.provenance import git
from pratique.provenance.tree import Tree
from pratique.tables.limits import MAX_FILE_BYTES

if TYPE_CHECKING:
    from dvc.config import Config

CONFIGURATION = ".dvc/config"
LOCAL_CONFIGURATION = ".dvc/config.local"
MAX_LISTING_BYTES = 2**26


class ObjectStore:
    """The objects in the cache and the remote that a base's configuration names.

    The configuration is that of the commit, with what the machine adds (its own settings, and a `config.local` that
    git does not know); a file that a change brings is never read as configuration.
    """

    def __init__(self, base: Tree, head: Tree) -> None:
        """Look nowhere yet: most changes bring no object."""
        self._base = base
        self._head = head

    def copy(self, md5: str, size: int | None, path: Path, place: str) -> Snapshot:
        """Copy an object to a place of ours; what is copied is what the digests are of.

        Parameters
        ----------
        md5 : str
            As the pointer gives it, with `.dir` where it stands for a folder's listing.
        size : int, optional
            Bytes, as the pointer gives them.
        path : Path
            Of the copy; nothing is there yet.
        place : str
            What is asked for, for messages.

        Raises
        ------
        PratiqueError
            If it can't be fetched, or is not what the digest stands for.
        """
        limit = MAX_FILE_BYTES if size is None else min(size, MAX_FILE_BYTES)
        kept = self._cache / md5[:2] / md5[2:]
        copy = copy_file(kept, path, limit) if kept.is_file() and not kept.is_symlink() else None
        if copy is not None and copy.md5 != md5.removesuffix(FOLDER_SUFFIX):  # a cache that was spoilt is no reason
            path.unlink()
            copy = None
        copy = copy or self._fetch(md5, path, limit, place)
        if copy.md5 != md5.removesuffix(FOLDER_SUFFIX) or size not in (None, copy.size):
            path.unlink()
            raise PratiqueError(f"{printable(place)}: not the bytes that its pointer stands for; repair the remote")
        return copy

    def list_folder(self, md5: str, folder: Path, place: str) -> dict[str, str]:
        """The files of a folder that DVC tracks, by path from that folder: the MD5 of each.

        The listing is held to its own digest; `folder` keeps it meanwhile. See `copy` for what is raised.
        """
        listing = self.copy(md5, None, folder / md5, place)
        if listing.size > MAX_LISTING_BYTES:
            raise PratiqueError(f"{printable(place)}: a listing of {listing.size} bytes; split the folder")
        data = listing.path.read_bytes()
        listing.path.unlink()
        return parse_listing(data, f"the listing of {place}")

    def _fetch(self, md5: str, path: Path, limit: int, place: str) -> Snapshot:
        filesystem, root = self._remote
        address = filesystem.join(root, "files", "md5", md5[:2], md5[2:])
        try:
            if not filesystem.isfile(address):
                raise PratiqueError(f"{printable(place)}: not in the remote that the base names; `dvc push` it")
            with filesystem.open(address, "rb") as stream:
                return copy_stream(stream, path, place, limit)
        except PratiqueError:
            path.unlink(missing_ok=True)
            raise
        except Exception as error:  # each kind of remote raises errors of its own
            path.unlink(missing_ok=True)
            raise PratiqueError(f"{printable(place)}: {' '.join(str(error).split())}") from error

    @cached_property
    def _home(self) -> Path:
        """The folder whose `.dvc` is in force here: this one, or one above it."""
        above = ("../" * steps for steps in range(len(self._base.prefix.parts) + 1))
        found = next((up for up in above if up + CONFIGURATION in self._base.entries), None)
        if found is None:
            raise PratiqueError(
                f"{self._base.commit[:12]} has no {CONFIGURATION}: the base must say where data is kept"
            )
        return Path(found)

    @property
    def _folder(self) -> Path:
        """The `.dvc` in force, as an absolute path; not resolved, because a link in a tree shall lead nowhere."""
        return Path(os.path.normpath(self._base.folder / self._home / ".dvc"))

    @cached_property
    def _config(self) -> "Config":
        from dvc.config import Config, ConfigError
        from dvc.fs import MemoryFileSystem

        home = self._folder
        memory = MemoryFileSystem(global_store=False)
        memory.makedirs(str(home), exist_ok=True)
        memory.pipe_file(str(home / "config"), self._base.read((self._home / CONFIGURATION).as_posix()))
        local = (self._home / LOCAL_CONFIGURATION).as_posix()
        own = local not in self._head.entries and not git.run(
            "ls-files", "--", f":(literal){local}", folder=self._base.folder
        )
        try:
            return Config(str(home), local_dvc_dir=str(home) if own else None, fs=memory)
        except ConfigError as error:
            raise PratiqueError(f"{CONFIGURATION} of {self._base.commit[:12]}: {error}") from error

    @cached_property
    def _cache(self) -> Path:
        return Path(self._config["cache"].get("dir") or self._folder / "cache") / "files" / "md5"

    @cached_property
    def _remote(self) -> tuple[Any, str]:
        from dvc.exceptions import DvcException
        from dvc.fs import get_cloud_fs

        name = self._config["core"].get("remote")
        if not name:
            raise PratiqueError(f"{CONFIGURATION} of {self._base.commit[:12]}: names no default remote to fetch from")
        try:
            kind, settings, root = get_cloud_fs(self._config, name=name)
            return kind(**settings), root
        except DvcException as error:
            raise PratiqueError(f"remote '{name}': {' '.join(str(error).split())}") from error
