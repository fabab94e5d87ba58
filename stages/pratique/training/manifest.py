"""The training manifest: which accepted rows a model learned from, by digest, beside the model itself."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pratique.core import paths
from pratique.core.documents import read_json
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_file, sha256_json
from pratique.core.params import Params
from pratique.core.version import __version__
from pratique.core.writing import write_json
from pratique.provenance.record import Record
from pratique.tables.trusted import digest_trusted
from pratique.training.rows import list_accepted_files

MANIFEST = paths.MODEL / "manifest.json"
MODEL_FILE = paths.MODEL / "model.skops"


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
        Its kind.
    sha256 : str
        Of the model's file.
    params : str
        Digest of the params that training follows.
    reference : str, optional
        Digest of the trusted files; None where it learned from accepted rows alone.
    seed, rows : int
    version : str
        Of this program.
    batches : tuple of TrainingFile
    """

    model: str
    sha256: str
    params: str
    reference: str | None
    seed: int
    rows: int
    version: str
    batches: tuple[TrainingFile, ...]

    def save(self) -> None:
        """Write it beside the model."""
        write_json(MANIFEST, asdict(self))


def make_manifest(files: tuple[TrainingFile, ...], rows: int, params: Params) -> Manifest:
    """The manifest of the model that has just been written."""
    digest, reference = digest_training_params(params), digest_learned_reference(params)
    model = sha256_file(MODEL_FILE)
    return Manifest(params.train.model, model, digest, reference, params.seed, rows, __version__, files)


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
    value: dict[str, Any] = read_json(path)
    try:
        return Manifest(**value | {"batches": tuple(TrainingFile(**batch) for batch in value["batches"])})
    except (TypeError, KeyError) as error:
        raise PratiqueError(f"{path}: not a training manifest; run `pratique train` again") from error


def list_cleared_files() -> tuple[TrainingFile, ...]:
    """Every accepted file, each held to the record that let it in.

    The records are no dependency of the stage: they can stop it, but nothing it writes depends on them, and a
    batch that is quarantined must not make it run again.

    Raises
    ------
    PratiqueError
        If a file has no record, or is not the one that its record names.
    """
    return tuple(_require_record(path) for path in list_accepted_files())


def _require_record(path: Path) -> TrainingFile:
    batch = path.relative_to(paths.ACCEPTED).with_suffix("").as_posix()
    place = paths.RECORDS / f"{batch}.json"
    if not place.is_file():
        raise PratiqueError(f"{path}: no record lets it into training; run `pratique validate` (or `dvc pull`)")
    record, digest = Record.read(place), sha256_file(path)
    if digest not in {out.sha256 for out in record.outputs if out.name == path.as_posix()}:
        raise PratiqueError(f"{path}: not the rows that {place} let in; run `pratique validate` again")
    return TrainingFile(batch, path.as_posix(), digest, record.sha256)
