"""What lies below a place at a commit, whether git holds it or a pointer of DVC's stands for it."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core.errors import PratiqueError
from pratique.gate.incoming import INERT_NAMES, Origin
from pratique.gate.objects import ObjectStore
from pratique.gate.pointers import MAX_POINTER_BYTES, parse_pointer
from pratique.provenance.tree import Tree
from pratique.tables.arrival import POINTER_SUFFIX
from pratique.tables.limits import MAX_FILE_BYTES


@dataclass(frozen=True)
class Contents:
    """The files below a place, by path."""

    tree: Tree
    store: ObjectStore
    files: dict[str, Origin]

    @classmethod
    def of(cls, tree: Tree, store: ObjectStore, place: Path) -> "Contents":
        """Read a commit.

        Raises
        ------
        PratiqueError
            If a file is no plain one, or a listing can't be fetched.
        """
        found: dict[str, Origin] = {}
        for path, entry in sorted(tree.below(place, Path(f"{place}{POINTER_SUFFIX}")).items()):
            if entry.oddity:
                raise PratiqueError(f"{path}: {entry.oddity}")
            if path.endswith(POINTER_SUFFIX):
                found |= _expand(tree, store, path)
            elif Path(path).name not in INERT_NAMES:
                found[path] = Origin(path, entry.object)
        return cls(tree, store, found)

    def read(self, path: str) -> bytes:
        """The bytes of a file; see `Tree.copy` and `ObjectStore.copy` for what it raises."""
        origin = self.files[path]
        with TemporaryDirectory(prefix="pratique-") as folder:
            place = Path(folder) / "it"
            if origin.stands == path:
                self.tree.copy(path, place, MAX_FILE_BYTES)
            else:
                self.store.copy(origin.object, origin.size, place, path)
            return place.read_bytes()


def _expand(tree: Tree, store: ObjectStore, pointer: str) -> dict[str, Origin]:
    output, place = parse_pointer(tree.read(pointer, MAX_POINTER_BYTES), pointer), pointer.removesuffix(POINTER_SUFFIX)
    if not output.is_folder:
        return {place: Origin(pointer, output.md5, output.size)}
    with TemporaryDirectory(prefix="pratique-") as folder:
        listed = store.list_folder(output.md5, Path(folder), place)
    return {f"{place}/{name}": Origin(pointer, md5) for name, md5 in listed.items()}
