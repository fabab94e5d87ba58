"""The training manifest: which accepted rows a model learned from, by digest.

`train` writes it beside its model. Where a stage of a team's own trains, that stage writes it by `pratique manifest`:
its model is hashed, and never opened.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from pratique.core import paths
from pratique.core.checksums import SEAL, DamagedFile, break_seal, seal
from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_file, sha256_folder, sha256_json
from pratique.core.params import Params
from pratique.core.version import __version__
from pratique.core.writing import write_json
from pratique.provenance.written import read_written_record
from pratique.tables.trusted import digest_trusted, read_reference
from pratique.training.estimator import digest_sources
from pratique.training.exclusion import EXCLUDED_FILE
from pratique.training.fairness import FAIRNESS_FILE
from pratique.training.rows import list_accepted_files

MANIFEST = paths.MODEL / "manifest.json"


@dataclass(frozen=True)
class TrainingFile:
    """One file of accepted rows, and the bytes that came in and hold these rows."""

    batch: str
    path: str
    sha256: str
    subject: str


@dataclass(frozen=True)
class Manifest:
    """What a model is and what it learned from.

    Attributes
    ----------
    model : str
        Its kind; the name of its file where a stage of the team's own trains.
    path : str
        Where it lies, seen from the pipeline's folder: a file, or a folder of a team's own.
    sha256 : str
        Of that file or folder.
    params : str, optional
        Digest of the params that training follows; None where a stage of the team's own trains.
    code : str, optional
        Digest of the package that has the estimator's factory, where params.yaml names one.
    reference : str, optional
        Digest of the trusted files; None where it learned from none of them.
    seed : int, optional
    rows : int
        That it learned from, as far as is known: trusted and accepted ones.
    version : str
        Of this program.
    batches : tuple of TrainingFile
    fairness : str, optional
        SHA-256 of the file that lists, row by row, what `train.fairness` changed.
    excluded : str, optional
        SHA-256 of the file that lists, row by row, what `train.exclude` left out.
    """

    model: str
    path: str
    sha256: str
    params: str | None
    code: str | None
    reference: str | None
    seed: int | None
    rows: int
    version: str
    batches: tuple[TrainingFile, ...]
    fairness: str | None = None
    excluded: str | None = None

    def save(self) -> None:
        """Write it beside the model."""
        write_json(MANIFEST, seal(asdict(self)))


def make_manifest(files: tuple[TrainingFile, ...], rows: int, params: Params) -> Manifest:
    """The manifest of the model that has just been written."""
    return Manifest(
        model=params.train.name,
        path=paths.MODEL_FILE.as_posix(),
        sha256=sha256_file(paths.MODEL_FILE),
        params=digest_training_params(params),
        code=digest_sources(params.train),
        reference=digest_learned_reference(params),
        seed=params.seed,
        rows=rows,
        version=__version__,
        batches=files,
        fairness=sha256_file(FAIRNESS_FILE) if FAIRNESS_FILE.is_file() else None,
        excluded=sha256_file(EXCLUDED_FILE) if EXCLUDED_FILE.is_file() else None,
    )


def make_own_manifest(model: Path, places: Sequence[Path], params: Params) -> Manifest:
    """The manifest of a model that a stage of the team's own has trained.

    Parameters
    ----------
    model : Path
        A file or a folder.
    places : sequence of Path
        What it learned from: the folder of accepted rows, files or folders of it, the folder of trusted rows.
    params : Params

    Raises
    ------
    PratiqueError
        If the pipeline trains by itself, there is no model, or a place holds no accepted or trusted rows.
    """
    if params.trains:
        raise PratiqueError(
            f"{paths.PARAMS}: has a section `train`, so `pratique train` writes the manifest; "
            "take the section out where a stage of your own trains"
        )
    chosen = [Path(os.path.relpath(place)) for place in places]
    files = list_cleared_files()
    learned = tuple(each for each in files if any(Path(each.path).is_relative_to(place) for place in chosen))
    for place in chosen:
        known = place in (paths.ACCEPTED, paths.REFERENCE)
        below = place.is_relative_to(paths.ACCEPTED)  # a folder above holds what is no accepted row, too
        if not known and not (below and any(Path(each.path).is_relative_to(place) for each in learned)):
            raise PratiqueError(
                f"--rows: {place}: no accepted rows there; expected {paths.ACCEPTED}, a file or folder of it, or "
                f"{paths.REFERENCE}"
            )
    trusted = paths.REFERENCE in chosen
    rows = sum(pq.read_metadata(each.path).num_rows for each in learned)
    return Manifest(
        model=model.name,
        path=Path(os.path.relpath(model)).as_posix(),
        sha256=digest_model(model),
        params=None,
        code=None,
        reference=digest_trusted(paths.REFERENCE) if trusted else None,
        seed=None,
        rows=rows + (len(read_reference(params.data)) if trusted else 0),
        version=__version__,
        batches=learned,
    )


def digest_model(path: Path) -> str:
    """SHA-256 of a model, which may be a folder.

    Raises
    ------
    PratiqueError
        If there is none, or a folder holds no file, or a link to another folder, whose files no digest would cover.
    """
    if path.is_file():
        return sha256_file(path)
    below = sorted(path.rglob("*")) if path.is_dir() else []
    for linked in (each for each in below if each.is_symlink() and each.is_dir()):
        raise PratiqueError(f"{linked}: a link to a folder; put the folder itself there")
    if not any(each.is_file() for each in below):
        raise PratiqueError(f"{path}: not found; name the file or folder of the model that was trained")
    return sha256_folder(path)


def find_doubt(model: Manifest | None) -> str:
    """Why nobody can say what the model here learned from; empty where its manifest tells."""
    if model is None:
        return f"{MANIFEST} is not here; `pratique train` (or `dvc repro`) writes it"
    path = Path(model.path)
    try:
        same = not path.exists() or digest_model(path) == model.sha256
    except PratiqueError as error:
        return str(error)
    if not same:
        return f"{path} is not the model of its manifest"
    lists = {FAIRNESS_FILE: model.fairness, EXCLUDED_FILE: model.excluded}
    other = next((place for place, digest in lists.items() if place.exists() and sha256_file(place) != digest), None)
    return f"{other} is not the list of {MANIFEST}; run `dvc repro`" if other else ""


def require_model(model: Manifest) -> None:
    """Refuse a model that is gone, or not the one that its manifest names.

    Raises
    ------
    DamagedFile
        If it is.
    """
    doubt = find_doubt(model) if Path(model.path).exists() else f"{model.path}: not here"
    if doubt:
        raise DamagedFile(f"{doubt}; run `pratique train` (or `dvc repro`) again")


def digest_learned_reference(params: Params) -> str | None:
    """SHA-256 of the trusted files, where the model learns from them."""
    return None if params.train.rows == "accepted" else digest_trusted(paths.REFERENCE)


def list_learned(model: Manifest) -> list[tuple[str, str]]:
    """Path and SHA-256 of everything that a model learned from: the folder of trusted rows, the accepted files."""
    trusted = [] if model.reference is None else [(paths.REFERENCE.as_posix(), model.reference)]
    return trusted + [(each.path, each.sha256) for each in model.batches]


def digest_training_params(params: Params) -> str:
    """SHA-256 of the params that training follows."""
    return sha256_json(params.model_dump(mode="json", include={"seed", "data", "train"}))


def read_manifest(path: Path = MANIFEST) -> Manifest:
    """Read the manifest of the model.

    Raises
    ------
    PratiqueError
        If there is none, or it is not one.
    """
    if not path.is_file():
        raise PratiqueError(f"{path}: not found; run `pratique train` (or `dvc repro`) first")
    return parse_manifest(path.read_bytes(), str(path))


def parse_manifest(data: bytes, place: str) -> Manifest:
    """The manifest that these bytes hold.

    Raises
    ------
    PratiqueError
        If they hold none.
    """
    found = parse_json(data, place)
    sealed = isinstance(found, dict) and SEAL in found  # a manifest of before has no seal
    said = {key: value for key, value in found.items() if key != SEAL} if sealed else found
    try:
        manifest = TypeAdapter(Manifest).validate_json(json.dumps(said), strict=True, extra="forbid")
    except ValidationError as error:
        where = "/".join(map(str, error.errors()[0]["loc"])) or "its form"
        raise PratiqueError(f"{place}: not a training manifest, see {where}; write it anew") from error
    if sealed and break_seal(found) is None:
        raise DamagedFile(f"{place}: damaged; write it anew")
    return manifest


def list_cleared_files() -> tuple[TrainingFile, ...]:
    """Every accepted file, each held to the record that let it in.

    The records are no dependency of the stage: they can stop it, but nothing it writes depends on them, and a
    batch that is quarantined must not make it run again.

    Raises
    ------
    PratiqueError
        If a file has no record, is not the one that its record names, or was let in by other trusted rows.
    """
    files = list_accepted_files()
    reference = digest_trusted(paths.REFERENCE) if files else ""
    return tuple(_require_record(path, reference) for path in files)


def _require_record(path: Path, reference: str) -> TrainingFile:
    batch = path.relative_to(paths.ACCEPTED).with_suffix("").as_posix()
    place = paths.RECORDS / f"{batch}.json"
    record, digest = read_written_record(place), sha256_file(path)
    if digest not in {out.sha256 for out in record.outputs if out.name == path.as_posix()}:
        raise PratiqueError(f"{path}: not the rows that {place} let in; run `pratique validate` again")
    if record.digests.get("reference", reference) != reference:
        raise PratiqueError(f"{paths.REFERENCE}: not the rows that {place} was judged by; run `dvc repro`")
    return TrainingFile(batch, path.as_posix(), digest, record.sha256)
