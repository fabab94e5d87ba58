"""What comes in at a commit: every file of data/incoming, whether git holds it or a pointer of DVC's stands for it."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.snapshot import Snapshot
from pratique.gate.objects import ObjectStore
from pratique.gate.pointers import MAX_POINTER_BYTES, LockedStage, Output, parse_lock, parse_output, parse_pointer
from pratique.provenance.tree import Tree
from pratique.tables.arrival import BATCH_FILE_NAME, POINTER_SUFFIX, batch_name
from pratique.tables.limits import MAX_FILE_BYTES

INERT_NAMES = frozenset({".gitignore", ".gitkeep"})


@dataclass(frozen=True)
class Origin:
    """Where the bytes of an incoming file are.

    Attributes
    ----------
    stands : str
        The file of the commit that holds them or stands for them.
    object : str
        The name that git or DVC gives them.
    size : int, optional
        As DVC gives it.
    """

    stands: str
    object: str
    size: int | None = None


@dataclass(frozen=True)
class Incoming:
    """The incoming files of a commit.

    Attributes
    ----------
    tree : Tree
    store : ObjectStore
    files : dict of Path to Origin
    faults : dict of str to str
        Files of the commit that are no batch and stand for none, and why.
    stages : dict of str to LockedStage
        What dvc.lock says.
    names : dict of str to Path
        The file of each batch, by the batch's name without its case.
    """

    tree: Tree
    store: ObjectStore
    files: dict[Path, Origin] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    stages: dict[str, LockedStage] = field(default_factory=dict, repr=False)
    names: dict[str, Path] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, tree: Tree, store: ObjectStore) -> "Incoming":
        """Read a commit.

        Raises
        ------
        PratiqueError
            If the listing of a folder can't be fetched, or is not what its pointer stands for.
        """
        found = cls(tree, store)
        whole = f"{paths.INCOMING}{POINTER_SUFFIX}"
        for path in sorted(tree.below(paths.INCOMING, Path(whole))):
            found._add(PurePosixPath(path))
        for path in sorted(path for path in tree.entries if PurePosixPath(path).name == paths.LOCK.name):
            found._add_locked(path)
        return found

    def copy(self, path: Path, place: Path) -> Snapshot:
        """Copy the bytes of an incoming file to a place of ours, and hash them on the way.

        Raises
        ------
        PratiqueError
            If they can't be had, or are not what a pointer stands for.
        """
        origin = self.files[path]
        if origin.stands == path.as_posix():
            return self.tree.copy(origin.stands, place, MAX_FILE_BYTES)
        return self.store.copy(origin.object, origin.size, place, path.as_posix())

    def _add(self, path: PurePosixPath) -> None:
        """A file of the commit: a batch, a pointer, or a fault."""
        name, depth = str(path), len(path.parts) - len(paths.INCOMING.parts)
        oddity = self.tree.entries[name].oddity
        if oddity:
            self.faults[name] = oddity
        elif path.name in INERT_NAMES and depth in (1, 2):
            return
        elif path.suffix == POINTER_SUFFIX:
            self._add_pointer(path)
        else:
            self._place(path, Origin(name, self.tree.entries[name].object))

    def _add_pointer(self, path: PurePosixPath) -> None:
        name = str(path)
        try:
            output = parse_pointer(self.tree.read(name, MAX_POINTER_BYTES), name)
        except PratiqueError as error:
            self.faults[name] = str(error).removeprefix(f"{name}: ")
            return
        self._add_output(path.with_suffix(""), output, name)

    def _add_locked(self, lock: str) -> None:
        """What a dvc.lock, of this folder or of any other, says that stages put among the batches.

        The commit's own dvc.yaml beside it says in which folders.
        """
        folder = PurePosixPath(lock).parent
        pipeline = str(folder / paths.PIPELINE)
        try:
            stages = parse_lock(
                self.tree.read(lock), self.tree.read(pipeline) if pipeline in self.tree.entries else None
            )
            if lock == str(paths.LOCK):
                self.stages.update(stages)
            for stage in stages.values():
                for path, said in stage.outputs.items():
                    place = PurePosixPath(self.tree.resolve(folder, path))
                    if place.is_relative_to(paths.INCOMING):
                        self._add_output(place, parse_output(said, f"{lock}: {path}"), lock)
        except PratiqueError as error:
            self.faults[lock] = str(error).removeprefix(f"{lock}: ")

    def _add_output(self, path: PurePosixPath, output: Output, stands: str) -> None:
        if not output.is_folder:
            self._place(path, Origin(stands, output.md5, output.size))
            return
        with TemporaryDirectory(prefix="pratique-") as folder:
            listed = self.store.list_folder(output.md5, Path(folder), str(path))
        for name, md5 in sorted(listed.items()):
            self._place(path / name, Origin(stands, md5))

    def _place(self, path: PurePosixPath, origin: Origin) -> None:
        """A batch under its name, which must be one that ingest takes."""
        parts = path.relative_to(paths.INCOMING).parts
        if len(parts) != 2:
            self.faults[origin.stands] = f"expected batches as {paths.INCOMING}/<source>/<batch>.csv or .parquet"
            return
        if not all(BATCH_FILE_NAME.fullmatch(part) for part in parts):
            self.faults[origin.stands] = (
                "names of sources and batches are letters, digits, dot, dash and underscore, at most 100, "
                "and begin with a letter or digit"
            )
            return
        twin = self.names.setdefault(batch_name(Path(path)).casefold(), Path(path))
        if twin == Path(path) and twin not in self.files:
            self.files[twin] = origin
            return
        for each in (origin, self.files[twin]):
            self.faults[each.stands] = f"'{path}' and '{twin}' would be the same batch; rename one, or take one away"
