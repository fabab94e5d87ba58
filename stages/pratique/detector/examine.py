"""Examining a batch: every check's measurement of it, and how rare that is among clean batches of its size."""

from dataclasses import dataclass, field, replace

import numpy as np

from pratique.contract.check import BatchCheck, RowCheck, measure
from pratique.contract.discovery import check_names, load_check
from pratique.contract.evidence import Evidence
from pratique.contract.finding import Finding
from pratique.core.batch import Batch
from pratique.core.errors import printable
from pratique.core.sketch import NO_SKETCH, RowSketch
from pratique.detector.calibrated import CalibratedCheck
from pratique.detector.fusion import collect_signals, stack_signals
from pratique.detector.hypotheses import MEAN_SHIFT, ROWS
from pratique.detector.hypothesis_tests import HypothesisTests
from pratique.detector.profile import Profile
from pratique.detector.rotation import assign_rows, average_over_folds, merge_findings
from pratique.statistics import mixture
from pratique.statistics.mixture import UNKNOWN_SHARE, PoisonedShare
from pratique.statistics.nulls import MomentNull, SizedNull

NARROWER = 0.8
"""Standard deviation of a likelihood ratio of new rows that is averaged over the folds, where that of trusted rows out
of fold is 1, which the null is of unless trusted rows that no fold knows set it. The average varies 0.9 as much as a
single fold's (0.84 to 0.94 on four data sets), and a single fold's varies 0.9 as much on new rows (0.80 to 1.04 on four
data sets, three fusions each, 27 references). The likely reason: a fold's fusion learned from rows that checks measured
which know this fold's rows, so that these look a little odder to it. That of `mean_shift` is left at 1."""
MOST_COLUMNS = 0.5
"""Share of the columns from which on a shift explains that rows are alike."""
RARE_FINDING = 0.001
"""p-value up to which the rows that a check of the batch names score higher for it."""


@dataclass(frozen=True)
class Measurement:
    """A finding beside its null at the batch's own size; a finding with a fault has p-value 0.

    `judged` says whether the statistic is judged by itself, or only what the rows are weighed with.
    """

    check: str
    finding: Finding
    null: SizedNull
    p_value: float
    judged: bool = True


@dataclass(frozen=True)
class Examination:
    """Everything that was measured on one batch: all that the verdict sees.

    Attributes
    ----------
    measurements : tuple of Measurement
        In the order of the checks' names, then hypotheses: `rows`, families of attacks, `mean_shift`.
    row_scores : ndarray, shape (rows,)
        Log odds, in nats, that the row is poisoned, given the batch's estimated share; higher is more suspicious.
    row_p_values : ndarray, shape (rows,)
        Conformal p-values of the fusion's log odds, averaged over the folds.
    row_checks : tuple of str, one a row
        The check to which the row is the rarest.
    unreadable : dict of int to str
        Rows with a cell that is not of its column's kind, each with the column: they can't be accepted, whatever
        checks run, because that cell would be lost.
    share : Share
        Estimated share of poisoned rows.
    bets : tuple of float
        What this batch adds to the stream of its source (`mixture.bets`); none where no check scores rows.
    trusted : int, optional
        Rows of the reference, which say how far the nulls are to be relied on.
    sketch : RowSketch
        What other batches are held against to find rows that come again.
    """

    measurements: tuple[Measurement, ...]
    row_scores: np.ndarray
    row_p_values: np.ndarray
    row_checks: tuple[str, ...]
    unreadable: dict[int, str] = field(default_factory=dict)
    share: PoisonedShare = UNKNOWN_SHARE
    bets: tuple[float, ...] = ()
    trusted: int | None = None
    sketch: RowSketch = NO_SKETCH

    @property
    def most_columns_moved(self) -> bool:
        """Whether a shift of most columns may explain that rows are alike."""
        return any(m.finding.moved >= MOST_COLUMNS for m in self.measurements)


def examine(batch: Batch, profile: Profile) -> Examination:
    """Measure a batch with every check of the profile. It depends on this batch and the profile only.

    Each fold's models make an examination of their own, as they did of the trusted rows that they had not seen;
    the statistics of these examinations are averaged, never their inputs, so that the average has the mean that
    the null was learned with. Rows that a rule holds one by one are scored, but the others alone say whether the batch
    is poisoned. In a batch of `ROTATION_ROWS` rows or more each row is scored by one fold instead, drawn by what the
    row holds: at that size the average over rows does what the average over folds does for few.
    """
    rows = len(batch)
    readers = assign_rows(batch, profile.folds)
    measurements: list[Measurement] = []
    surprises: dict[str, np.ndarray] = {}
    by_fold: list[dict[str, Finding]] = [{} for _ in readers]
    for name, calibrated in profile.checks.items():
        findings, merged = _measure_by_fold(calibrated, batch, readers)
        measurements.append(_measurement(name, merged, calibrated.null.at(max(1, rows)), _is_judged(name)))
        if calibrated.conformal is not None and merged.row_scores is not None and merged.fault is None and rows:
            surprises[name] = calibrated.conformal.scores(merged.row_scores)
            for fold, finding in zip(by_fold, findings, strict=True):
                fold[name] = finding
    free = np.setdiff1d(np.arange(rows), [row for m in measurements for row in m.finding.forbidden])
    scored = _weigh(by_fold, readers, free, profile, rows)
    measurements += scored.measurements
    rarest = _rarest_check(surprises, rows)
    return Examination(
        tuple(measurements),
        _raise_suspects(scored.scores, measurements),
        scored.p_values,
        rarest,
        list_unreadable(batch),
        scored.share,
        (*scored.bets, *_bets_by_batch(measurements)) if scored.bets else (),
        profile.rows,
        RowSketch.of(batch.content),
    )


def _measure_by_fold(
    calibrated: CalibratedCheck, batch: Batch, readers: list[np.ndarray]
) -> tuple[list[Finding], Finding]:
    """What every fold found in the rows that it reads, and one finding made of these."""
    rows = len(batch)
    scores_rows = calibrated.conformal is not None and rows
    read = readers if scores_rows else [np.arange(rows)] * len(calibrated.folds)
    findings = [
        measure(fitted, batch if len(part) == rows else batch.take(part))
        for fitted, part in zip(calibrated.folds, read, strict=True)
    ]
    return findings, merge_findings(findings, read, rows)


@dataclass(frozen=True)
class _Weighing:
    """What the fusion makes of a batch."""

    measurements: list[Measurement]
    scores: np.ndarray
    p_values: np.ndarray
    share: PoisonedShare
    bets: tuple[float, ...] = ()


def _weigh(
    by_fold: list[dict[str, Finding]], readers: list[np.ndarray], free: np.ndarray, profile: Profile, rows: int
) -> _Weighing:
    """Weigh what the checks measured, the batch by the rows that are `free` of broken rules.

    Signals of a check that failed are missing.
    """
    fused = profile.hypothesis_tests
    if fused is None or not by_fold[0] or not rows:
        return _Weighing([], np.zeros(rows), np.ones(rows), UNKNOWN_SHARE)
    signals = [stack_signals(collect_signals(found), fused.names) for found in by_fold]
    log_odds = [fusion.log_odds(cells) for fusion, cells in zip(fused.folds, signals, strict=True)]
    p_values = average_over_folds([fused.conformal.p_values(f) for f in log_odds], readers, rows)
    mean = average_over_folds(log_odds, readers, rows)
    together = _likelihood(ROWS.name, log_odds, mean, free, fused.null, fused.out_of_fold)
    share = mixture.estimate_share(mean)
    won = [*mixture.bets(mean, fused.mean_odds).tolist(), *_flip_bets(fused, by_fold, readers, rows)]
    scores = mixture.posterior_log_odds(mean, share.estimate)
    measured = [
        replace(together, finding=replace(together.finding, row_scores=scores)),
        *_measure_families(fused, signals, readers, free, rows),
        *_measure_mean_shift(fused, signals, readers, rows),
    ]
    return _Weighing(measured, scores, p_values, share, tuple(won))


def _likelihood(
    name: str, log_odds: list[np.ndarray], mean: np.ndarray, free: np.ndarray, learned: MomentNull, out_of_fold: bool
) -> Measurement:
    """The likelihood ratio of a mixture, given what every fold says of the rows that it reads, and the mean of it.

    Where each reads all rows the ratios are averaged, else the rows are put together first.
    """
    null = learned.at(max(1, len(free)))
    if len(log_odds[0]) == len(mean):
        ratio = float(np.mean([mixture.likelihood_ratio(f[free]) for f in log_odds]))
        null = replace(null, std=NARROWER * null.std) if out_of_fold and len(log_odds) > 1 else null
    else:
        ratio = float(mixture.likelihood_ratio(mean[free]))
    share = mixture.estimate_share(mean)
    notes = {"poisoned share": f"{share.estimate:.3g}, from {share.lowest:.3g} to {share.highest:.3g}"}
    return _measurement(name, Finding(ratio, "log likelihood ratio", evidence=Evidence(notes=notes), share=share), null)


def _measure_families(
    fused: HypothesisTests, signals: list[np.ndarray], readers: list[np.ndarray], free: np.ndarray, rows: int
) -> list[Measurement]:
    """What the rows say of each family that is asked about by itself."""
    found = []
    for name, family in fused.families.items():
        log_odds = [fusion.log_odds(cells) for fusion, cells in zip(family.folds, signals, strict=True)]
        mean = average_over_folds(log_odds, readers, rows)
        found.append(_likelihood(name, log_odds, mean, free, family.null, fused.out_of_fold))
    return found


def _flip_bets(
    fused: HypothesisTests, by_fold: list[dict[str, Finding]], readers: list[np.ndarray], rows: int
) -> list[float]:
    """What bets on flipped labels win; none where they can't be made of any batch."""
    if fused.flip_odds is None:
        return []
    check = fused.flip_odds.check
    losses = [np.asarray(found[check].row_scores) for found in by_fold if check in found]
    return fused.flip_odds.bets(average_over_folds(losses, readers, rows) if losses else None)


def _measure_mean_shift(
    fused: HypothesisTests, signals: list[np.ndarray], readers: list[np.ndarray], rows: int
) -> list[Measurement]:
    """What the rows say together about each column; nothing where no column can move."""
    moved = fused.mean_shift
    if moved is None:
        return []
    log_odds = [
        lines.log_odds(fusion.linear.rarity.complete_features(cells))
        for lines, fusion, cells in zip(moved.folds, fused.folds, signals, strict=True)
    ]
    if len(readers[0]) == rows:
        by_fold = [moved.ratios(f) for f in log_odds]
    else:
        by_fold = [moved.ratios(average_over_folds(log_odds, readers, rows))]
    statistic = float(np.mean([ratios.max() for ratios in by_fold]))
    evidence = moved.evidence(np.mean(by_fold, axis=0))
    return [
        _measurement(
            MEAN_SHIFT.name,
            Finding(statistic, "log likelihood ratio", evidence=evidence, follows_from_shift=True),
            moved.null.at(rows),
        )
    ]


def _is_judged(check: str) -> bool:
    """Whether a check's statistic is judged by itself, or only what the rows are weighed with."""
    kind = load_check(check)
    return not issubclass(kind, RowCheck) or kind.judged_alone


def _bets_by_batch(measurements: list[Measurement]) -> list[float]:
    """What bets win against p-values that add up from batch to batch; nothing of a check that failed."""
    return [
        0.0 if m.finding.fault else mixture.p_value_bet(m.p_value)
        for m in measurements
        if m.check in check_names() and issubclass(kind := load_check(m.check), BatchCheck) and kind.adds_up
    ]


def _raise_suspects(scores: np.ndarray, measurements: list[Measurement]) -> np.ndarray:
    """Row scores, those of rows that a rare finding names raised: the odds of either reason to be poisoned."""
    raised = scores.copy()
    for m in measurements:
        if m.p_value <= RARE_FINDING and m.finding.suspects and m.finding.fault is None:
            rows = list(m.finding.suspects)
            raised[rows] = np.logaddexp(scores[rows], list(m.finding.suspects.values()))
    return raised


def list_unreadable(batch: Batch) -> dict[int, str]:
    """The first column, by name, whose cell can't be read, for each row that has one."""
    rows: dict[int, str] = {}
    for name, column in sorted(batch.columns.items()):
        for row in np.flatnonzero(column.unreadable).tolist():
            why = "could mean two numbers" if column.ambiguous[row] else "not a cell of its kind"
            rows.setdefault(row, f"{printable(name)}: {why}")
    return rows


def _rarest_check(surprises: dict[str, np.ndarray], rows: int) -> tuple[str, ...]:
    """For each row, the check with the largest surprise."""
    if not surprises:
        return (ROWS.name,) * rows
    names = list(surprises)
    return tuple(names[i] for i in np.argmax(list(surprises.values()), axis=0))


def _measurement(name: str, finding: Finding, null: SizedNull, judged: bool = True) -> Measurement:
    return Measurement(name, finding, null, 0.0 if finding.fault else null.p_value(finding.statistic), judged)
