"""Calibration: fit every check on trusted rows, and learn out of fold what it does on rows that it has not seen."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from pratique.contract.check import BatchCheck, Check, Fitted, RuleCheck, measure
from pratique.contract.discovery import configured_checks
from pratique.contract.finding import Finding
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.core.progress import show_progress
from pratique.core.text import say_count
from pratique.detector.calibrated import FOLDS, CalibratedCheck
from pratique.detector.folds import TrustedFolds
from pratique.detector.hypothesis_tests import fit_hypothesis_tests
from pratique.detector.profile import Profile
from pratique.statistics.conformal import ConformalScore
from pratique.statistics.nulls import Logarithm, MomentNull, RateNull, fit_moments, fit_null_of_scores

PSEUDO_BATCHES = 20
"""Pseudo-batches drawn from each fold, for each size, to learn how a statistic without row scores behaves."""
PSEUDO_SIZES = (2, 5, 20, 100, 500)


def calibrate(trusted: Batch, params: Params, holdout: pa.Table | None = None, without: str | None = None) -> Profile:
    """Learn a profile from trusted rows.

    Parameters
    ----------
    trusted : Batch
        The reference.
    params : Params
    holdout : pyarrow.Table, optional
        Rows that models are compared on: nothing is fitted on them, copies of them are found.
    without : str, optional
        A family of attacks that the fusion is not shown, to see what it makes of them.

    Raises
    ------
    PratiqueError
        If a row has no label, there are too few rows to leave some out, or they break a declared rule.
    """
    examined = None if holdout is None else Batch("holdout", holdout, trusted.layout)
    _require_enough(trusted)
    folds = TrustedFolds.deal(trusted, examined, params)
    trusted, parts, unlearned = trusted.take(folds.learned), folds.parts, folds.unlearned
    checks: dict[str, CalibratedCheck] = {}
    for name, check in show_progress(list(configured_checks(params.checks).items()), "calibrating"):
        check = check.with_holdout(examined)
        checks[name] = calibrate_check(name, check, trusted, parts, unlearned, _rng_of(name, params))
    together = fit_hypothesis_tests(checks, trusted, parts, params.seed, without, unlearned)
    return Profile(trusted.layout, len(trusted), checks, together)


def fit_fold(
    profile: Profile, k: int, reference: Batch, folds: TrustedFolds, holdout: Batch, params: Params
) -> Profile:
    """What was learned without the rows of fold `k`, so that it judges these as new ones.

    Rules that nobody declared, such as that no row contradicts a trusted one, are learned from all rows: here they are
    learned again without the fold's.
    """
    rest = reference.take(np.delete(folds.learned, folds.parts[k]))
    alone = profile.fold(k)
    checks = dict(alone.checks)
    for name, check in configured_checks(params.checks).items():
        if isinstance(check, RuleCheck) and not check.place:
            fitted = check.with_holdout(holdout).fit(rest, _rng_of(name, params))
            checks[name] = replace(checks[name], folds=(fitted,))
    return replace(alone, checks=checks)


def _rng_of(check: str, params: Params) -> np.random.Generator:
    return np.random.default_rng([params.seed, *check.encode()])


def calibrate_check(
    name: str,
    check: Check,
    trusted: Batch,
    parts: list[np.ndarray],
    unlearned: Batch | None,
    rng: np.random.Generator,
) -> CalibratedCheck:
    """Fit, measure the rows left out, and learn the null."""
    if isinstance(check, RuleCheck):
        rules = check.fit(trusted, rng)
        found = _measure_trusted(name, rules, trusted)
        if check.place:
            _refuse_broken_rules(check.place, found, len(trusted))
        return CalibratedCheck((rules,), fit_null_of_scores(np.asarray(found.row_scores), _mean, rng), None)
    pairs = list(_fit_folds(check, trusted, parts, rng))
    fitted = tuple(f for f, _ in pairs)
    if isinstance(check, BatchCheck):
        bounded_as: Logarithm | None = "chance" if check.valid_by_itself else None
        drawn_from = pairs if unlearned is None else [(f, unlearned) for f in fitted]
        null = replace(_pseudo_batch_null(name, drawn_from, rng), bounded_as=bounded_as)
        return CalibratedCheck(fitted, null, None)
    own_parts = parts if unlearned is None else None
    findings = [_measure_trusted(name, f, held_out if unlearned is None else unlearned) for f, held_out in pairs]
    scores = _gather([np.asarray(f.row_scores) for f in findings], own_parts)
    flagged = [f.flagged for f in findings if f.flagged is not None]
    if not flagged:
        return CalibratedCheck(fitted, fit_null_of_scores(scores, _mean, rng), ConformalScore.of(scores))
    flags = _gather(flagged, own_parts)
    return CalibratedCheck(fitted, RateNull(round(flags.sum()), len(flags)), ConformalScore.of(scores))


def _fit_folds(
    check: Check, trusted: Batch, parts: list[np.ndarray], rng: np.random.Generator
) -> Iterator[tuple[Fitted, Batch]]:
    """For each fold, the check fitted on the others, and the fold's rows."""
    for rows in parts:
        rest = np.setdiff1d(np.arange(len(trusted)), rows)
        yield check.fit(trusted.take(rest), rng), trusted.take(rows)


def _gather(values: list[np.ndarray], parts: list[np.ndarray] | None) -> np.ndarray:
    """One value a row, given those of each fold: about its own part of the rows, or about all rows, then averaged."""
    if parts is None:
        return np.asarray(np.mean(values, axis=0))
    return np.concatenate(values)[np.argsort(np.concatenate(parts))]


def _pseudo_batch_null(name: str, pairs: list[tuple[Fitted, Batch]], rng: np.random.Generator) -> MomentNull:
    """The null of a statistic without row scores, from pseudo-batches of rows that the fold's model never saw.

    Sizes stop at half of these rows, so that the draws differ; such a statistic is standardised for size by contract.
    Where rows have an order, pseudo-batches are consecutive.
    """
    half = min(len(held_out) for _, held_out in pairs) // 2
    sizes = [s for s in PSEUDO_SIZES if s <= half] or [max(1, half)]
    samples = [
        np.array(
            [
                _measure_trusted(name, fitted, held_out.take(_draw(held_out, size, rng))).statistic
                for fitted, held_out in pairs
                for _ in range(PSEUDO_BATCHES)
            ]
        )
        for size in sizes
    ]
    return fit_moments(sizes, samples)


def _draw(rows: Batch, size: int, rng: np.random.Generator) -> np.ndarray:
    """Positions of a pseudo-batch: any rows, or consecutive ones of rows that have an order."""
    if rows.order is None:
        return rng.choice(len(rows), size, replace=False)
    return np.arange(size) + rng.integers(len(rows) - size + 1)


def _measure_trusted(name: str, fitted: Fitted, trusted: Batch) -> Finding:
    """A finding on trusted rows; a fault there is a defect of the check or of the configuration."""
    finding = measure(fitted, trusted)
    if finding.fault is not None:
        raise PratiqueError(f"check '{name}' fails on the reference itself: {finding.fault}")
    return finding


def _refuse_broken_rules(place: str, found: Finding, rows: int) -> None:
    """Refuse rules that trusted rows break, the one that forbids the most of them first; no cell is shown."""
    remedy = "correct the rule, or take such rows out of data/reference"
    for seen in found.evidence.columns[:1]:
        where, rule, count = ", ".join(seen.columns), seen.facts["rule"], seen.facts["rows"]
        raise PratiqueError(f"{place}: {where}: {rule} forbids {count:,} of {rows:,} trusted rows; {remedy}")
    for breach in found.breaches:
        raise PratiqueError(f"{place}: the trusted rows break a rule: {breach}; {remedy}")


def _require_enough(trusted: Batch) -> None:
    label = trusted.layout.label
    blank = np.flatnonzero(trusted.labels == "")
    if len(blank):
        raise PratiqueError(f"data/reference: row {blank[0]} has no '{label}'; every trusted row needs a label")
    if len(trusted) < 4 * FOLDS:
        raise PratiqueError(
            f"data/reference: {say_count(len(trusted), 'row')}; at least {4 * FOLDS} are needed to calibrate"
        )


def _mean(scores: np.ndarray) -> np.ndarray:
    return scores.mean(axis=1)
