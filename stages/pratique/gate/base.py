"""A clean room: policy, trusted rows and inventory of a commit in a folder of their own, and a profile learned there.

Nothing in it comes from the change that is judged: neither its params nor its caches nor its results.
"""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.apart import EndedEarly, TimeOver, run_apart
from pratique.core.documents import parse_yaml
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_folder, sha256_json
from pratique.core.params import ExaminationParams, Params
from pratique.core.sections import parse
from pratique.detector.cache import key_of
from pratique.detector.detector import Detector
from pratique.gate.objects import ObjectStore
from pratique.gate.pointers import MAX_POINTER_BYTES, parse_pointer
from pratique.provenance import git
from pratique.provenance.tree import Tree
from pratique.quarantine.recording import Configuration
from pratique.quarantine.sources import Inventory, load_inventory
from pratique.quarantine.standing import Standing
from pratique.tables.arrival import POINTER_SUFFIX
from pratique.tables.limits import MAX_FILE_BYTES
from pratique.tables.reading import read_trusted_if_any
from pratique.tables.trusted import read_reference
from pratique.words.identity import identity_note

TRUSTED_FOLDERS = (paths.REFERENCE, paths.HOLDOUT)
MOST_PROFILES = 5
"""Profiles that are kept, those that were used last: each change of the reference or the checks makes another."""


@dataclass(frozen=True)
class BasePolicy:
    """What a commit says normal is, and what its policy is."""

    params: Params
    detector: Detector
    configuration: Configuration
    inventory: Inventory
    standing: Standing

    @classmethod
    def here(cls, params: Params) -> "BasePolicy":
        """That of the current folder, which has a profile."""
        configuration = Configuration.of(params)
        standing = Standing.here(params, configuration.digests)
        return cls(params, Detector.load(params), configuration, load_inventory(), standing)


@contextlib.contextmanager
def isolate_policy(base: Tree, store: ObjectStore, most: ExaminationParams | None = None) -> Iterator[BasePolicy]:
    """Work in a folder that holds what a commit says, and nothing else.

    Parameters
    ----------
    base : Tree
    store : ObjectStore
    most : ExaminationParams, optional
        What learning, and examining each batch, may take; None for what the commit says of batches, and no more.

    Raises
    ------
    PratiqueError
        If the commit has no params.yaml or no reference, or its trusted rows are not what its pointers stand for; if
        it takes more to learn than it may.
    """
    kept = own_folder(base.folder) / "profiles"
    with TemporaryDirectory(prefix="pratique-") as name:
        params = read_policy(base)
        _lay_out(base, store, Path(name))
        with contextlib.chdir(name):
            if most is None:
                learn(params, kept)
            else:
                params = params.model_copy(update={"examination": most})
                _learn_within(params, kept)
            yield BasePolicy.here(params)


def own_folder(folder: Path) -> Path:
    """Where the gate keeps what it computed: in git's own folder, which no change can bring along."""
    place = git.run("rev-parse", "--path-format=absolute", "--git-common-dir", folder=folder)
    return Path(place.strip()) / "pratique"


def note_policy(base: Tree) -> tuple[str, ...]:
    """What the policy of a commit means for who decides."""
    try:
        note = identity_note(read_policy(base))
    except PratiqueError as error:  # a change may be about to put it right
        note = str(error)
    return (note,) if note else ()


def require_policy(base: Tree) -> None:
    """Refuse to judge by a commit that has no policy for this folder.

    Raises
    ------
    PratiqueError
        If it has no params.yaml here.
    """
    if str(paths.PARAMS) not in base.entries:
        place = git.find_prefix(base.folder) / paths.PARAMS
        raise PratiqueError(f"{base.commit[:12]} has no {place}: the pipeline lands first, data afterwards")


def read_policy(base: Tree) -> Params:
    """The params of a commit.

    Raises
    ------
    PratiqueError
        If it has none, or they are wrong.
    """
    place = str(paths.PARAMS)
    require_policy(base)
    text = base.read(place).decode("utf-8", "replace")
    return parse(Params, parse_yaml(text, place), f"{place} of {base.commit[:12]}")


def _lay_out(base: Tree, store: ObjectStore, folder: Path) -> None:
    pointers = [Path(f"{trusted}{POINTER_SUFFIX}") for trusted in TRUSTED_FOLDERS]
    for path in base.below(
        paths.PARAMS, paths.SCHEMA.parent, *TRUSTED_FOLDERS, *pointers, paths.SOURCES, paths.STANDING
    ):
        base.copy(path, folder / path, MAX_FILE_BYTES)
        if path.endswith(POINTER_SUFFIX):
            _fetch(base, store, path, folder)


def _fetch(base: Tree, store: ObjectStore, pointer: str, folder: Path) -> None:
    """The trusted rows that a pointer stands for; the listing of a folder is held to its digest as its files are."""
    output = parse_pointer(base.read(pointer, MAX_POINTER_BYTES), pointer)
    place = Path(pointer).with_suffix("")
    if not output.is_folder:
        store.copy(output.md5, output.size, folder / place, str(place))
        return
    for name, md5 in store.list_folder(output.md5, folder, str(place)).items():
        store.copy(md5, None, folder / place / name, f"{place}/{name}")


def learn(params: Params, kept: Path) -> None:
    """Calibrate in the current folder, unless `kept` has the result for equal inputs.

    That lies in git's own folder, which no change can bring along.
    """
    learned_from = params.model_dump(mode="json", include={"seed", "data", "checks", "limits"})
    inputs = [learned_from, *map(sha256_folder, TRUSTED_FOLDERS), sha256_folder(paths.SCHEMA.parent)]
    place = kept / key_of(sha256_json(inputs), "profile")
    if place.is_dir():
        place.touch()
        shutil.copytree(place, paths.PROFILE)
        return
    holdout = read_trusted_if_any(paths.HOLDOUT, params.data.ignore, params.data.image_size)
    Detector.learn(read_reference(params.data), params, holdout).save_profile()
    with TemporaryDirectory(dir=_make_folder(kept)) as unfinished:
        shutil.copytree(paths.PROFILE, Path(unfinished) / "profile")
        with contextlib.suppress(OSError):  # another run was faster
            (Path(unfinished) / "profile").rename(place)
    forget_old(kept)


def _learn_within(params: Params, kept: Path) -> None:
    """Calibrate in a process of its own, which takes no more than a batch may: a rule can take for ever on one cell."""
    most = params.examination
    try:
        run_apart(_learn, (params, kept), most.seconds, most.memory_gib)
    except TimeOver:
        raise PratiqueError(f"not learned in {most.seconds:g} seconds; look at its rules") from None
    except MemoryError:
        raise PratiqueError(f"learning takes more than {most.memory_gib:g} GiB") from None
    except EndedEarly as error:
        raise PratiqueError(f"not learned: {error}") from None


def _learn(params: Params, kept: Path) -> bytes:
    learn(params, kept)
    return b""


def forget_old(kept: Path) -> None:
    """Remove all but the profiles that were used last."""
    for old in sorted(kept.iterdir(), key=lambda profile: profile.stat().st_mtime)[:-MOST_PROFILES]:
        shutil.rmtree(old, ignore_errors=True)


def _make_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
