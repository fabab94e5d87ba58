"""The profile: everything that the trusted reference taught, frozen, and all that a batch is measured with."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from stages.calibration.nulls import MomentNull, Null, RateNull, of_row_scores, of_samples
from stages.calibration.surprise import Surprise, combined, top_tenth
from stages.core import archive, paths
from stages.core.batch import Batch
from stages.core.check import Check, Finding, Fitted, measure
from stages.core.discovery import configured_checks
from stages.core.errors import PratiqueError
from stages.core.hashing import sha256_folder
from stages.core.layout import Layout
from stages.core.params import Params
from stages.core.progress import track
from stages.core.writing import keep_only, write_json

FOLDS = 5
PSEUDO_BATCHES = 40
"""Pseudo-batches drawn from each fold, for each size, to learn how a statistic without row scores behaves."""


@dataclass(frozen=True)
class Calibrated:
    """One check, fitted without each fold in turn, and what its statistic does on the rows left out.

    Attributes
    ----------
    folds : tuple of Fitted
        One for a check of declared rules; `FOLDS` for a check that learns. A batch is measured by each of them
        and their statistics are averaged: a model of all trusted rows would score new rows higher than it
        scored its own, and every clean batch would look poisoned.
    null : Null
        Of the statistic.
    surprise : Surprise, optional
        Of the row scores, for checks that have them and learn.
    """

    folds: tuple[Fitted, ...]
    null: Null
    surprise: Surprise | None


@dataclass(frozen=True)
class Profile:
    """What normal looks like.

    Attributes
    ----------
    layout : Layout
    checks : dict of str to Calibrated
    rows_surprise : Surprise
        Of the combined row score.
    rows_null : Null
        Of the mean of a batch's highest tenth of combined row scores.
    digest : str
        SHA-256 of the profile's folder.
    """

    layout: Layout
    checks: dict[str, Calibrated]
    rows_surprise: Surprise
    rows_null: Null
    digest: str


def calibrate(table: pa.Table, params: Params, folder: Path = paths.PROFILE) -> None:
    """Learn a profile from trusted rows and write it.

    Parameters
    ----------
    table : pyarrow.Table
        The reference.
    params : Params
    folder : Path
        Brought to exactly the profile's files.

    Raises
    ------
    PratiqueError
        If the label is missing in a row, or there are too few rows to leave some out.
    """
    trusted = Batch("reference", table, Layout.infer(table, params.data))
    _require_enough(trusted)
    parts = folds_of(trusted, params.seed)
    wanted = {folder / "profile.json", folder / "rows.skops"}
    surprises = []
    for name, check in track(list(configured_checks(params.checks).items()), "calibrating"):
        calibrated, scores = _calibrate_check(name, check, trusted, parts, params.seed)
        archive.dump(folder / "checks" / f"{name}.skops", calibrated)
        wanted.add(folder / "checks" / f"{name}.skops")
        if calibrated.surprise is not None and scores is not None:
            surprises.append(calibrated.surprise.of_trusted(scores))
    rows = combined(surprises, len(trusted))
    null = of_row_scores(rows, top_tenth, np.random.default_rng([params.seed, 1]))
    archive.dump(folder / "rows.skops", {"surprise": Surprise.of(rows), "null": null})
    write_json(
        folder / "profile.json",
        {
            "rows": len(trusted),
            "label": trusted.layout.label,
            "kinds": trusted.layout.kinds,
            "checks": sorted(params.checks),
        },
    )
    keep_only(folder, wanted)


def load(params: Params, folder: Path = paths.PROFILE) -> Profile:
    """Read a profile back.

    Raises
    ------
    PratiqueError
        If there is none, or it was calibrated for another label or other checks than params.yaml names.
    """
    import json

    summary = folder / "profile.json"
    if not summary.is_file():
        raise PratiqueError(f"{folder}: no profile; run `pratique calibrate` (or `dvc repro`) first")
    known: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    checks = configured_checks(params.checks)
    if known["label"] != params.data.label or known["checks"] != sorted(checks):
        raise PratiqueError(f"{folder}: calibrated for another label or other checks; run `pratique calibrate` again")
    own = [Calibrated, Surprise, MomentNull, RateNull]
    types = {f"{t.__module__}.{t.__qualname__}" for t in own}
    rows = archive.load(folder / "rows.skops", types)
    return Profile(
        layout=Layout(known["label"], known["kinds"]),
        checks={
            name: archive.load(folder / "checks" / f"{name}.skops", types | check.trusted_types())
            for name, check in checks.items()
        },
        rows_surprise=rows["surprise"],
        rows_null=rows["null"],
        digest=sha256_folder(folder),
    )


def folds_of(trusted: Batch, seed: int) -> list[np.ndarray]:
    """Positions of the rows of each fold, each class spread evenly over them."""
    rng = np.random.default_rng([seed, 0])
    order = rng.permutation(len(trusted))
    order = order[np.argsort(trusted.labels[order], kind="stable")]
    return [np.sort(order[k::FOLDS]) for k in range(FOLDS)]


def _calibrate_check(
    name: str, check: Check, trusted: Batch, parts: list[np.ndarray], seed: int
) -> tuple[Calibrated, np.ndarray | None]:
    """Fit, measure the rows left out, and learn the null; the out-of-fold row scores come with it."""
    rng = np.random.default_rng([seed, *name.encode()])
    if not check.learns:
        fitted = (check.fit(trusted, rng),)
        scores = _sound(name, fitted[0], trusted).row_scores
        if scores is None:
            raise PratiqueError(f"check '{name}' learns nothing and has no row scores: it can't be calibrated")
        return Calibrated(fitted, of_row_scores(scores, _mean, rng), None), scores
    pairs = list(_fitted_folds(check, trusted, parts, rng))
    findings = [_sound(name, fitted, held_out) for fitted, held_out in pairs]
    fitted = tuple(f for f, _ in pairs)
    if any(finding.row_scores is None for finding in findings):
        return Calibrated(fitted, _pseudo_batch_null(name, pairs, rng), None), None
    scores = np.empty(len(trusted))
    for rows, finding in zip(parts, findings, strict=True):
        scores[rows] = finding.row_scores
    return Calibrated(fitted, of_row_scores(scores, _mean, rng), Surprise.of(scores)), scores


def _fitted_folds(
    check: Check, trusted: Batch, parts: list[np.ndarray], rng: np.random.Generator
) -> Iterator[tuple[Fitted, Batch]]:
    """For each fold, the check fitted on the others, and the fold's rows."""
    for rows in parts:
        rest = np.setdiff1d(np.arange(len(trusted)), rows)
        yield check.fit(trusted.take(rest), rng), trusted.take(rows)


def _pseudo_batch_null(name: str, pairs: list[tuple[Fitted, Batch]], rng: np.random.Generator) -> Null:
    """The null of a statistic without row scores, from pseudo-batches of rows that the fold's model never saw.

    Sizes stop at half a fold, so that the draws differ; such a statistic is standardised for size by contract.
    """
    half = min(len(held_out) for _, held_out in pairs) // 2
    sizes = [s for s in (5, 10, 20, 50, 100, 200, 500) if s <= half] or [max(1, half)]
    samples = [
        np.array(
            [
                _sound(name, fitted, held_out.take(rng.choice(len(held_out), size, replace=False))).statistic
                for fitted, held_out in pairs
                for _ in range(PSEUDO_BATCHES)
            ]
        )
        for size in sizes
    ]
    return of_samples(sizes, samples)


def _sound(name: str, fitted: Fitted, trusted: Batch) -> Finding:
    """A finding on trusted rows; a fault there is a defect of the check or of the configuration."""
    finding = measure(fitted, trusted)
    if finding.fault is not None:
        raise PratiqueError(f"check '{name}' fails on the reference itself: {finding.fault}")
    return finding


def _require_enough(trusted: Batch) -> None:
    label = trusted.layout.label
    blank = np.flatnonzero(trusted.labels == "")
    if len(blank):
        raise PratiqueError(f"data/reference: row {blank[0]} has no '{label}'; every trusted row needs a label")
    if len(trusted) < 4 * FOLDS:
        raise PratiqueError(f"data/reference: {len(trusted)} rows; at least {4 * FOLDS} are needed to calibrate")


def _mean(scores: np.ndarray) -> np.ndarray:
    return scores.mean(axis=1)
