"""The profile: everything that the trusted reference taught, frozen, and all that a batch is measured with."""

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pratique.contract.discovery import configured_checks
from pratique.core import paths
from pratique.core.checksums import Checksums, write_checksums
from pratique.core.columns import Kind, Writing
from pratique.core.errors import PratiqueError
from pratique.core.frozen import freeze, thaw
from pratique.core.hashing import sha256_file, sha256_folder
from pratique.core.layout import Layout
from pratique.core.params import Params
from pratique.core.writing import keep_only, write_json
from pratique.detector.calibrated import CalibratedCheck
from pratique.detector.flip_odds import FlipOdds
from pratique.detector.fusion import TRUSTED_TYPES, Fusion, LinearScorer
from pratique.detector.hypothesis_tests import FamilyTest, HypothesisTests
from pratique.detector.mean_shift import ColumnScorers, MeanShiftTest
from pratique.detector.signals import SignalRarity
from pratique.statistics.conformal import ConformalScore
from pratique.statistics.nulls import MomentNull, RateNull
from pratique.tables.trusted import digest_trusted


@dataclass(frozen=True)
class Profile:
    """What normal looks like.

    Attributes
    ----------
    layout : Layout
    rows : int
        Of the reference.
    checks : dict of str to CalibratedCheck
    hypothesis_tests : Fused, optional
        All checks together; None where no check scores rows.
    """

    layout: Layout
    rows: int
    checks: dict[str, CalibratedCheck]
    hypothesis_tests: HypothesisTests | None

    def fold(self, k: int) -> "Profile":
        """What was learned without fold `k` alone: it judges rows of that fold as new ones."""
        tests = self.hypothesis_tests
        return replace(
            self,
            checks={name: check.fold(k) for name, check in self.checks.items()},
            hypothesis_tests=None if tests is None else tests.fold(k),
        )


@dataclass(frozen=True)
class Summary:
    """What of a profile is plain enough for JSON; `follows` are SHA-256 of the rules and trusted rows behind it."""

    rows: int
    label: str
    kinds: dict[str, Kind]
    writings: dict[str, Writing]
    checks: list[str]
    follows: dict[str, str]


def save(
    profile: Profile, folder: Path = paths.PROFILE, declared: tuple[Path, ...] = (), trusted: tuple[Path, ...] = ()
) -> None:
    """Write a profile; `folder` is brought to exactly its files.

    Parameters
    ----------
    profile : Profile
    folder : Path
    declared : tuple of Path
        Files of rules: once one of them changes, the profile is refused as too old.
    trusted : tuple of Path
        Folders of trusted rows, of which the same holds.
    """
    wanted = [folder / "profile.json", folder / "rows.npz"]
    for name, calibrated in profile.checks.items():
        wanted.append(folder / "checks" / f"{name}.npz")
        freeze(wanted[-1], calibrated)
    freeze(folder / "rows.npz", profile.hypothesis_tests)
    layout = profile.layout
    files = {path.as_posix(): sha256_file(path) for path in declared if path.is_file()}
    files |= {path.as_posix(): digest_trusted(path) for path in trusted}
    summary = Summary(profile.rows, layout.label, layout.kinds, dict(layout.writings), sorted(profile.checks), files)
    write_json(folder / "profile.json", TypeAdapter(Summary).dump_python(summary, mode="json"))
    listed = write_checksums(folder, {path: sha256_file(path) for path in wanted})
    keep_only(folder, [*wanted, listed])


def digest(folder: Path = paths.PROFILE) -> str:
    """SHA-256 over the profile's files."""
    return sha256_folder(folder)


def read_layout(params: Params, folder: Path = paths.PROFILE) -> Layout:
    """The columns that a batch is read by; see `load` for what it raises."""
    return _layout(_read_summary(params, folder), params)


def load(params: Params, folder: Path = paths.PROFILE) -> Profile:
    """Read a profile back.

    Raises
    ------
    PratiqueError
        If there is none, it can't be read, it was calibrated for another label or other checks than params.yaml
        names, or the files of rules have changed since.
    """
    known = _read_summary(params, folder)
    written = Checksums.read(folder)
    for path in written.list_below(folder):
        written.require(path)
    own = [
        CalibratedCheck,
        FamilyTest,
        FlipOdds,
        HypothesisTests,
        Fusion,
        LinearScorer,
        SignalRarity,
        ColumnScorers,
        MeanShiftTest,
        MomentNull,
        RateNull,
        ConformalScore,
    ]
    types = {f"{t.__module__}.{t.__qualname__}" for t in own}
    return Profile(
        layout=_layout(known, params),
        rows=known.rows,
        checks={
            name: thaw(folder / "checks" / f"{name}.npz", types | check.trusted_types())
            for name, check in configured_checks(params.checks).items()
        },
        hypothesis_tests=thaw(folder / "rows.npz", types | set(TRUSTED_TYPES)),
    )


def _digest_source(path: Path) -> str:
    """The SHA-256 of a file of rules, or of a folder of trusted rows; of what is not there none."""
    return sha256_file(path) if path.is_file() else digest_trusted(path)


def _layout(known: Summary, params: Params) -> Layout:
    return Layout.of(known.kinds, params.data, known.writings)


def _read_summary(params: Params, folder: Path) -> Summary:
    """What a profile says of itself; see `load` for what it raises."""
    summary = folder / "profile.json"
    if not summary.is_file():
        raise PratiqueError(f"{folder}: no profile; run `pratique calibrate` (or `dvc repro`) first")
    written = Checksums.read(folder)
    try:
        known = TypeAdapter(Summary).validate_json(written.read_bytes(summary), strict=True)
    except ValidationError as error:
        raise PratiqueError(f"{summary}: not a profile's summary; run `pratique calibrate` again") from error
    if known.label != params.data.label or known.checks != sorted(configured_checks(params.checks)):
        raise PratiqueError(f"{folder}: calibrated for another label or other checks; run `pratique calibrate` again")
    for file, sha256 in known.follows.items():
        if _digest_source(Path(file)) != sha256:
            raise PratiqueError(f"{folder}: older than {file}; run `pratique calibrate` (or `dvc repro`) again")
    return known
