"""A clean room: policy, trusted rows and inventory of a commit in a folder of their own, and a profile learned there.

Nothing in it comes from the change that is judged: neither its params nor its caches nor its results.
"""

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_folder, sha256_json
from pratique.core.params import Params, load
from pratique.core.writing import write_bytes
from pratique.detector.cache import key_of
from pratique.detector.detector import Detector
from pratique.provenance import git
from pratique.quarantine.recording import Configuration
from pratique.quarantine.sources import Inventory, load_inventory
from pratique.tables.arrival import POINTER_SUFFIX
from pratique.tables.reading import read_trusted_if_any
from pratique.tables.trusted import read_reference

TRUSTED_FOLDERS = (paths.REFERENCE, paths.HOLDOUT)


@dataclass(frozen=True)
class BasePolicy:
    """What a commit says normal is, and what its policy is."""

    params: Params
    detector: Detector
    configuration: Configuration
    inventory: Inventory


@contextlib.contextmanager
def isolate_policy(commit: str) -> Iterator[BasePolicy]:
    """Work in a folder that holds what a commit says, and nothing else.

    Raises
    ------
    PratiqueError
        If the commit has no params.yaml or no reference.
    """
    kept = Path(git.run("rev-parse", "--path-format=absolute", "--git-common-dir").strip()) / "pratique" / "profiles"
    with TemporaryDirectory(prefix="pratique-") as name:
        _lay_out(commit, Path(name))
        with contextlib.chdir(name):
            params = load()
            _learn(params, kept)
            yield BasePolicy(params, Detector.load(params), Configuration.of(params), load_inventory())


def _lay_out(commit: str, folder: Path) -> None:
    pointers = [Path(f"{trusted}{POINTER_SUFFIX}") for trusted in TRUSTED_FOLDERS]
    wanted = [paths.PARAMS, paths.SCHEMA.parent, *TRUSTED_FOLDERS, *pointers, paths.SOURCES]
    found = git.list_blobs(commit, *(str(path) for path in wanted))
    if str(paths.PARAMS) not in found:
        raise PratiqueError(f"{commit[:12]} has no {paths.PARAMS}: the pipeline lands first, data afterwards")
    for path in found:
        write_bytes(folder / path, git.read_blob(commit, path))
    for trusted in TRUSTED_FOLDERS:
        if any(path.startswith(str(trusted)) and path.endswith(POINTER_SUFFIX) for path in found):
            _pull(trusted, commit, folder)


def _pull(trusted: Path, commit: str, folder: Path) -> None:
    """Take trusted rows from DVC's cache or remote, and see that they are what the commit's pointers stand for."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException

    try:
        system = DVCFileSystem(rev=commit)
        files = system.find(str(trusted), detail=True, dvc_only=True)
        for path, info in files.items():
            data = system.read_bytes(path)
            if hashlib.md5(data, usedforsecurity=False).hexdigest() != info["md5"]:
                raise PratiqueError(f"{path}: not the bytes that DVC's pointer stands for; repair the remote")
            write_bytes(folder / path, data)
    except (DvcException, FileNotFoundError) as error:
        raise PratiqueError(f"{trusted} of {commit[:12]}: {' '.join(str(error).split())}") from error


def _learn(params: Params, kept: Path) -> None:
    """Calibrate here, unless git's own folder, which no change can bring along, keeps the result for equal inputs."""
    learned_from = params.model_dump(mode="json", include={"seed", "data", "checks"})
    inputs = [learned_from, *map(sha256_folder, TRUSTED_FOLDERS), sha256_folder(paths.SCHEMA.parent)]
    place = kept / key_of(sha256_json(inputs), "profile")
    if place.is_dir():
        shutil.copytree(place, paths.PROFILE)
        return
    holdout = read_trusted_if_any(paths.HOLDOUT, params.data.ignore)
    Detector.learn(read_reference(params.data), params, holdout).save_profile()
    with TemporaryDirectory(dir=_make_folder(kept)) as unfinished:
        shutil.copytree(paths.PROFILE, Path(unfinished) / "profile")
        with contextlib.suppress(OSError):  # another run was faster
            (Path(unfinished) / "profile").rename(place)


def _make_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
