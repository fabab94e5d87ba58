"""What comes in at a commit: every batch of data/incoming, whether git holds it or a pointer of DVC's stands for it."""

from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_json
from pratique.core.snapshot import Snapshot, md5_listing
from pratique.gate.objects import ObjectStore
from pratique.gate.pointers import (
    FOLDER_SUFFIX,
    MAX_POINTER_BYTES,
    LockedStage,
    Output,
    parse_lock,
    parse_output,
    parse_pointer,
)
from pratique.provenance.tree import Tree
from pratique.tables.arrival import BATCH_FILE_NAME, NAME_RULE, NO_DOT, POINTER_SUFFIX, batch_name, find_part_fault
from pratique.tables.labels import LABELS_SUFFIX, labels_place
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
class Held:
    """Where the bytes of a batch are.

    Attributes
    ----------
    path : Path
        Of its file, or of the folder that holds its parts.
    files : dict of Path to Origin
        The file, or every part.
    labels : Origin, optional
        Of its labels, where they come in apart.
    """

    path: Path
    files: dict[Path, Origin] = field(default_factory=dict)
    labels: Origin | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it came in as parts."""
        return self.path not in self.files

    @property
    def object(self) -> str:
        """The name that git or DVC gives its bytes; of parts and labels, one made of those that they have."""
        if not self.is_folder and self.labels is None:
            return self.files[self.path].object
        listed = [[path.name, origin.object] for path, origin in sorted(self.files.items())]
        return sha256_json(listed if self.labels is None else [listed, self.labels.object])

    @property
    def stands(self) -> str:
        """What of the commit holds it or stands for it: a file, or the folder of its parts."""
        return self._stands_of(*next(iter(self.files.items())))

    def takes(self, path: Path, origin: Origin) -> bool:
        """Whether a file may join those that are there: as another part, all of them in git or behind one pointer."""
        if not self.files:
            return True
        another = self.is_folder and path != self.path and path not in self.files
        return another and self.stands == self._stands_of(path, origin)

    def _stands_of(self, path: Path, origin: Origin) -> str:
        return str(self.path) if origin.stands == path.as_posix() else origin.stands


@dataclass(frozen=True)
class Incoming:
    """The incoming batches of a commit.

    Attributes
    ----------
    tree : Tree
    store : ObjectStore
    places : tuple of Path
    files : dict of Path to Held
        By the path of the batch's file or folder.
    faults : dict of str to str
        Files of the commit that are no batch and stand for none, and why.
    stages : dict of str to LockedStage
        What dvc.lock says.
    names : dict of str to Path
        The path of each batch, and of each part, by its name without its case.
    labels : dict of str to Origin
        By batch.
    """

    tree: Tree
    store: ObjectStore
    places: tuple[Path, ...]
    files: dict[Path, Held] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    stages: dict[str, LockedStage] = field(default_factory=dict, repr=False)
    names: dict[str, Path] = field(default_factory=dict, repr=False)
    labels: dict[str, Origin] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, tree: Tree, store: ObjectStore, places: tuple[Path, ...] = (paths.INCOMING,)) -> "Incoming":
        """Read a commit.

        Parameters
        ----------
        tree : Tree
        store : ObjectStore
        places : tuple of Path
            Where batches come in, and their labels if these come in apart.

        Raises
        ------
        PratiqueError
            If the listing of a folder can't be fetched, or is not what its pointer stands for.
        """
        found = cls(tree, store, places)
        whole = (Path(f"{place}{POINTER_SUFFIX}") for place in places)
        for path in sorted(tree.below(*places, *whole)):
            found._add(PurePosixPath(path))
        for path in sorted(path for path in tree.entries if PurePosixPath(path).name == paths.LOCK.name):
            found._add_locked(path)
        for batch, held in found.files.items():
            found.files[batch] = replace(held, labels=found.labels.get(batch_name(batch)))
        return found

    def copy(self, path: Path, place: Path) -> Snapshot:
        """Copy a batch to a place of ours, its labels beside it, and hash them on the way.

        Raises
        ------
        PratiqueError
            If they can't be had, are too many, or are not what a pointer stands for.
        """
        copy, held = self._copy_rows(path, place), self.files[path]
        if held.labels is None:
            return copy
        labels = labels_place(batch_name(path))
        return copy.join(self._copy_file(labels, held.labels, place.with_name(f"{place.name}.labels.csv")))

    def lay_out(self, path: Path) -> None:
        """Put a batch and its labels where they come in, in the current folder; see `copy` for what it raises."""
        held = self.files[path]
        self._copy_rows(path, path)
        if held.labels is not None:
            labels = labels_place(batch_name(path))
            self._copy_file(labels, held.labels, labels)

    def _copy_rows(self, path: Path, place: Path) -> Snapshot:
        held = self.files[path]
        if not held.is_folder:
            return self._copy_file(path, held.files[path], place)
        parts: dict[str, Snapshot] = {}
        for part, origin in sorted(held.files.items()):
            parts[part.name] = self._copy_file(part, origin, place / part.name)
            if sum(each.size for each in parts.values()) > MAX_FILE_BYTES:
                raise PratiqueError(f"{path}: more than {MAX_FILE_BYTES} bytes; split it")
        return Snapshot.of_folder(place, parts)

    def _copy_file(self, path: Path, origin: Origin, place: Path) -> Snapshot:
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
        elif path.suffix == POINTER_SUFFIX and depth <= 2:
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
                    if any(place.is_relative_to(each) for each in self.places):
                        self._add_made(place, parse_output(said, f"{lock}: {path}"), lock)
        except PratiqueError as error:
            self.faults[lock] = str(error).removeprefix(f"{lock}: ")

    def _add_made(self, place: PurePosixPath, output: Output, lock: str) -> None:
        """What a stage made: from DVC, or, where DVC does not keep it, from git, which must hold the same bytes."""
        in_git = [path for path in self.tree.below(Path(place)) if PurePosixPath(path).name not in INERT_NAMES]
        if not in_git:
            self._add_output(place, output, lock)
        elif self._md5_in_git(place, in_git) != output.md5:
            raise PratiqueError(f"{place}: git holds other bytes than {lock} says; run `dvc repro` and commit both")

    def _md5_in_git(self, place: PurePosixPath, files: list[str]) -> str:
        """The MD5 that DVC would give to files of the commit: to one, or to the folder that they are in."""
        with TemporaryDirectory(prefix="pratique-") as folder:
            copies = {path: self.tree.copy(path, Path(folder) / path, MAX_FILE_BYTES) for path in files}
        if files == [str(place)]:
            return copies[files[0]].md5
        listed = {str(PurePosixPath(path).relative_to(place)): copy.md5 for path, copy in copies.items()}
        return f"{md5_listing(listed)}{FOLDER_SUFFIX}"

    def _add_output(self, path: PurePosixPath, output: Output, stands: str) -> None:
        if not output.is_folder:
            self._place(path, Origin(stands, output.md5, output.size))
            return
        with TemporaryDirectory(prefix="pratique-") as folder:
            listed = self.store.list_folder(output.md5, Path(folder), str(path))
        for name, md5 in sorted(listed.items()):
            self._place(path / name, Origin(stands, md5))

    def _place(self, path: PurePosixPath, origin: Origin) -> None:
        """A batch, a part of one, or labels, under its name, which must be one that ingest takes."""
        if not path.is_relative_to(paths.INCOMING):
            self._place_labels(path, origin)
            return
        parts = path.relative_to(paths.INCOMING).parts
        fault = _find_name_fault(parts)
        if fault is not None:
            self.faults[origin.stands] = fault
            return
        batch, file = Path(paths.INCOMING, *parts[:2]), Path(path)
        twin = self.names.setdefault(batch_name(batch).casefold(), batch)
        alike = self.names.setdefault(f"{batch_name(batch)}/{'/'.join(parts[2:])}".casefold(), file)
        held = self.files.setdefault(twin, Held(twin))
        if twin == batch and alike == file and held.takes(file, origin):
            held.files[file] = origin
            return
        other = twin if twin != batch else alike if alike != file else held.stands
        for stands in (origin.stands, *(each.stands for each in held.files.values())):
            self.faults[stands] = f"'{path}' and '{other}' would be the same batch; rename one, or take one away"

    def _place_labels(self, path: PurePosixPath, origin: Origin) -> None:
        """The labels of a batch, one file under the name of the batch."""
        parts = path.relative_to(paths.LABELS).parts
        named = len(parts) == 2 and all(BATCH_FILE_NAME.fullmatch(part) for part in parts)
        if not named or path.suffix != LABELS_SUFFIX:
            self.faults[origin.stands] = f"expected labels as {paths.LABELS}/<source>/<batch>{LABELS_SUFFIX}"
        elif self.labels.setdefault(batch_name(Path(path)), origin) is not origin:
            self.faults[origin.stands] = f"'{path}' is there twice: in git, and behind a pointer; keep one"


def _find_name_fault(parts: tuple[str, ...]) -> str | None:
    """Why nothing may come in under this path, from data/incoming; None where it may."""
    if len(parts) not in (2, 3):
        return f"expected batches as {paths.INCOMING}/<source>/<batch>.csv or .parquet, or a folder of parts"
    if not all(BATCH_FILE_NAME.fullmatch(part) for part in parts[:2]):
        return NAME_RULE
    if len(parts) == 3:
        return NO_DOT if "." in parts[1] else find_part_fault(parts[2])
    return None
