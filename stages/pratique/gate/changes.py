"""What a change brings: the batches that are new or different since its base, and whatever may not come with them."""

import contextlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.decisions import ledger
from pratique.gate.base import read_policy
from pratique.gate.incoming import Incoming
from pratique.gate.neighbours import list_neighbours
from pratique.gate.objects import ObjectStore
from pratique.provenance import git
from pratique.provenance.tree import Tree
from pratique.tables.arrival import POINTER_SUFFIX, batch_name
from pratique.tables.labels import labels_place

RESULT_PATHS = (
    paths.PROFILE, paths.BATCHES, paths.ACCEPTED, paths.QUARANTINE, paths.RECORDS, paths.MODEL, paths.REPORTS,
    paths.LEDGER, paths.ERASURES, paths.DECISIONS, paths.ATTESTATIONS, paths.LOCK, Path("data/.gitignore"),
)  # fmt: skip
"""What may come with data beside what params.yaml of the base lists: the gate judges it, computes it again or ignores
it."""
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
MAX_LFS_POINTER_BYTES = 1024
MAX_LEDGER_BYTES = 2**28


@dataclass(frozen=True)
class Refusal:
    """A file that may not come with data, why not, and what to do about it."""

    path: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Change:
    """What a commit brings, beside the commit where it branched off.

    Attributes
    ----------
    base : Tree
        The commit whose policy is applied.
    fork : Tree
        The commit where this change branched off.
    head : Tree
    before, after : Incoming
        The batches of fork and head.
    store : ObjectStore
    touched : tuple of str
        Every path at which head differs from fork.
    neighbours : tuple of str
        Folders of the base's other pipelines.
    """

    base: Tree
    fork: Tree
    head: Tree
    before: Incoming
    after: Incoming
    store: ObjectStore
    touched: tuple[str, ...]
    neighbours: tuple[str, ...]

    @classmethod
    def between(cls, base: str, head: str) -> "Change":
        """Compare two commits, as git's objects hold them.

        Raises
        ------
        PratiqueError
            If they share no commit, or the listing of a folder that DVC tracks can't be had.
        """
        forked = git.run("merge-base", base, head).strip()
        policy, tip = Tree.of(base), Tree.of(head)
        fork = policy if forked == base else Tree.of(forked)
        store = ObjectStore(policy, tip)
        before, after = (Incoming.of(tree, store, list_places(policy)) for tree in (fork, tip))
        touched = tuple(tip.list_differing(fork))
        return cls(policy, fork, tip, before, after, store, touched, list_neighbours(policy))

    @property
    def files(self) -> list[Path]:
        """Incoming batches that are new or different, sorted."""
        known = {path: held.object for path, held in self.before.files.items()}
        return sorted(path for path, held in self.after.files.items() if known.get(path) != held.object)

    @property
    def brings(self) -> bool:
        """Whether any incoming batch is new, different or gone, or anything else is among them."""
        gone = self.before.files.keys() - self.after.files.keys()
        return bool(self.files or gone) or any(self.is_incoming(path) for path in self.touched)

    def find_changed(self, path: Path) -> Path:
        """What of a batch is new, different or gone: its file or folder, or its labels alone."""
        before, after = self.before.files.get(path), self.after.files.get(path)
        if before is None or after is None or before.files != after.files or before.labels == after.labels:
            return path
        return labels_place(batch_name(path))

    def is_incoming(self, path: str) -> bool:
        """Whether a file is, or stands for, a batch or its labels."""
        return any(_is_at(PurePosixPath(path), place) for place in self.after.places)

    def refusals(self, with_data: tuple[str, ...]) -> list[Refusal]:
        """What may not come with data or results, sorted by path.

        Parameters
        ----------
        with_data : tuple of str
            Patterns of what else the base lets come with data.
        """
        found = (self._refuse(path, with_data) for path in self.touched)
        return [refusal for refusal in found if refusal is not None]

    def _refuse(self, path: str, with_data: tuple[str, ...]) -> Refusal | None:
        entry = self.head.entries.get(path)
        fault = entry and (entry.oddity or self.after.faults.get(path))
        if fault:
            return Refusal(path, fault, f"git rm {path}")
        pure = PurePosixPath(path)
        if self.is_incoming(path):
            return Refusal(path, "a pointer of Git LFS", f"use git or DVC for {path}") if self._is_lfs(path) else None
        if _comes_with_data(pure) or any(fnmatchcase(path, pattern) for pattern in with_data):
            return None
        if any(_is_data(path.removeprefix(place)) for place in self.neighbours if path.startswith(place)):
            return None
        if self.brings:
            return Refusal(path, "comes together with data", f"split the change: {path} apart from the data")
        apart = f"split the change: {path} first; after its merge `dvc repro`, and commit what that writes"
        return Refusal(path, "comes together with results of a run", apart)

    def _is_lfs(self, path: str) -> bool:
        if path not in self.head.entries or self.head.size_of(path) > MAX_LFS_POINTER_BYTES:
            return False
        return self.head.read(path).startswith(LFS_POINTER)


def pointers(path: Path) -> list[Path]:
    """The places in git that stand for an incoming batch and its labels: they, or the pointers that may hold them."""
    found = []
    for place, top in ((path, paths.INCOMING), (labels_place(batch_name(path)), paths.LABELS)):
        folders = [folder for folder in place.parents if folder == top or top in folder.parents]
        found += [place, *(each.with_name(each.name + POINTER_SUFFIX) for each in (place, *folders))]
    return found


def ledger_at(tree: Tree) -> list[ledger.Entry]:
    """The ledger of a commit; empty where it has none.

    Raises
    ------
    PratiqueError
        If it was changed.
    """
    name = str(paths.LEDGER)
    if name not in tree.entries:
        return []
    return ledger.parse(tree.read(name, MAX_LEDGER_BYTES), f"{name} of {tree.commit[:12]}")


def is_decision(path: str) -> bool:
    """Whether a path is that of a decision."""
    pure = PurePosixPath(path)
    return Path(path).parent == paths.DECISIONS and pure.suffix == ".json"


def _is_data(path: str) -> bool:
    """Whether a file, by its path from the folder of another pipeline, is for the gate of that pipeline to judge."""
    return _is_at(PurePosixPath(path), paths.INCOMING) or _comes_with_data(PurePosixPath(path))


def _is_at(path: PurePosixPath, place: Path) -> bool:
    return path.is_relative_to(place) or path == PurePosixPath(f"{place}{POINTER_SUFFIX}")


def list_places(policy: Tree) -> tuple[Path, ...]:
    """Where batches come in by the policy of a commit, and their labels if these come in apart."""
    return (paths.INCOMING, paths.LABELS) if _labels_apart(policy) else (paths.INCOMING,)


def _labels_apart(policy: Tree) -> bool:
    """Whether the base says that labels come in apart; a policy that can't be read is refused where it is applied."""
    if str(paths.PARAMS) not in policy.entries:
        return False
    with contextlib.suppress(PratiqueError):
        return read_policy(policy).data.labels_apart
    return False


def _comes_with_data(path: PurePosixPath) -> bool:
    """Whether any change of data may touch a file: not if it can tell DVC or git what to run, fetch or overlook."""
    hidden = any(part.startswith(".") for part in path.parts[:-1])  # as a folder of DVC's would be
    if path.name == paths.PIPELINE.name or hidden or (path.name.startswith(".") and path.name != ".gitignore"):
        return False
    return path.suffix != POINTER_SUFFIX and any(path.is_relative_to(place) for place in RESULT_PATHS)
