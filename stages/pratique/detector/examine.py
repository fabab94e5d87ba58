"""Examining a batch: every check's measurement of it, and how rare that is among clean batches of its size."""

from collections.abc import Mapping
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
from pratique.detector.hypotheses import MEAN_SHIFT, ROWS
from pratique.detector.hypothesis_tests import HypothesisTests
from pratique.detector.profile import Profile
from pratique.detector.row_scoring import RowScoring, score_rows
from pratique.statistics import mixture
from pratique.statistics.mixture import UNKNOWN_SHARE, PoisonedShare
from pratique.statistics.nulls import SizedNull

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
NOTHING_KNOWN: Mapping[str, Finding] = {}


@dataclass(frozen=True)
class Measurement:
    """A finding beside its null at the batch's own size; a finding with a fault has p-value 0.

    The finding is without the scores of rows, which are as large as the batch and which the fusion has weighed.

    Attributes
    ----------
    check : str
    finding : Finding
    null : SizedNull
    p_value : float
    judged : bool
        Whether the statistic is judged by itself, or only what the rows are weighed with.
    scores_rows : bool
        Whether it was made of scores of rows.
    pieces : int
        Those that the batch was examined in: the finding is of one, and the p-value allows for their number.
    """

    check: str
    finding: Finding
    null: SizedNull
    p_value: float
    judged: bool = True
    scores_rows: bool = False
    pieces: int = 1

    def limit(self, alpha: float) -> float:
        """The statistic whose p-value is `alpha`."""
        return self.null.limit(alpha / self.pieces)


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

    @property
    def has_fault(self) -> bool:
        """Whether something could not be measured."""
        return any(m.finding.fault is not None for m in self.measurements)


def examine(batch: Batch, profile: Profile, known: Mapping[str, Finding] = NOTHING_KNOWN) -> Examination:
    """Measure a batch with every check of the profile but those whose findings are `known`.

    It depends on this batch and the profile only.

    Each fold's models make an examination of their own, as they did of the trusted rows that they had not seen;
    what these say of a share of poison is averaged, never their inputs, so that the average has the mean that the null
    was learned with (`mixture.largest_ratio`). Rows that a rule holds one by one are scored, but the others alone say
    whether the batch is poisoned. In a batch of `ROTATION_ROWS` rows or more each row is scored by one fold instead,
    drawn by what the row holds: at that size the average over rows does what the average over folds does for few.
    """
    rows = len(batch)
    scoring = {name: check for name, check in profile.checks.items() if check.conformal is not None}
    others = {name: check for name, check in profile.checks.items() if name not in scoring and name not in known}
    findings = dict(known) | {name: measure_whole(check, batch) for name, check in others.items()}
    free = np.ones(rows, bool)
    free[[row for finding in findings.values() for row in finding.forbidden]] = False
    scored = score_rows(batch, scoring, profile.hypothesis_tests, free)
    findings |= scored.findings
    measurements = [measurement_of(name, findings[name], profile, rows) for name in profile.checks]
    weighed = _weigh(scored, free, profile)
    measurements += weighed.measurements
    return Examination(
        tuple(measurements),
        _raise_suspects(weighed.scores, measurements),
        scored.p_values if scored.weighed else np.ones(rows),
        _rarest_check(scoring, scored.findings, rows),
        list_unreadable(batch),
        weighed.share,
        (*weighed.bets, *_bets_by_batch(measurements)) if weighed.bets else (),
        profile.rows,
        RowSketch.of(batch.content),
    )


def fail(batch: Batch, profile: Profile, why: str) -> Examination:
    """The examination of a batch that could not be examined: what is asked of all checks together has that fault."""
    rows, anyone = len(batch), next(iter(profile.checks.values()))
    failed = _measurement(ROWS.name, Finding(float("nan"), "", fault=why), anyone.null.at(max(1, rows)))
    nothing = Examination((failed,), np.zeros(rows), np.ones(rows), (ROWS.name,) * rows, list_unreadable(batch))
    return replace(nothing, trusted=profile.rows, sketch=RowSketch.of(batch.content))


def measurement_of(name: str, finding: Finding, profile: Profile, rows: int) -> Measurement:
    """What a check found in a batch of so many rows, beside its null."""
    return _measurement(name, finding, profile.checks[name].null.at(max(1, rows)), _is_judged(name))


def measure_whole(calibrated: CalibratedCheck, batch: Batch) -> Finding:
    """What all folds of a check of the batch find in it: their mean, in the words of the first."""
    findings = [measure(fitted, batch) for fitted in calibrated.folds]
    faulty = next((finding for finding in findings if finding.fault is not None), None)
    if faulty is not None:
        return faulty
    return replace(findings[0], statistic=float(np.mean([finding.statistic for finding in findings])))


@dataclass(frozen=True)
class _Weighing:
    """What the fusion makes of a batch."""

    measurements: list[Measurement]
    scores: np.ndarray
    share: PoisonedShare
    bets: tuple[float, ...] = ()


def _weigh(scored: RowScoring, free: np.ndarray, profile: Profile) -> _Weighing:
    """Weigh what the checks measured, the batch by the rows that are `free` of broken rules."""
    fused, rows = profile.hypothesis_tests, len(free)
    if fused is None or not scored.weighed or not rows:
        return _Weighing([], np.zeros(rows), UNKNOWN_SHARE)
    asked = {ROWS.name: fused.null} | {name: family.null for name, family in fused.families.items()}
    shares = [mixture.estimate_share(odds) for odds in scored.log_odds.T]
    ratios = mixture.largest_ratio(scored.terms).tolist()
    averaged = fused.out_of_fold and len(scored.terms) > 1
    found = []
    for (name, learned), share, ratio in zip(asked.items(), shares, ratios, strict=True):
        null = learned.at(max(1, int(free.sum())))
        found.append(_likelihood(name, ratio, share, replace(null, std=NARROWER * null.std) if averaged else null))
    together = scored.log_odds[:, 0]
    scores = mixture.posterior_log_odds(together, shares[0].estimate)
    found[0] = replace(found[0], scores_rows=True)
    won = [*mixture.bets(together, fused.mean_odds).tolist(), *_flip_bets(fused, scored)]
    return _Weighing([*found, *_measure_mean_shift(fused, scored)], scores, shares[0], tuple(won))


def _likelihood(name: str, ratio: float, share: PoisonedShare, null: SizedNull) -> Measurement:
    """The likelihood ratio of a mixture: of what the folds say together, or of rows which each one fold read."""
    notes = {"poisoned share": f"{share.estimate:.3g}, from {share.lowest:.3g} to {share.highest:.3g}"}
    return _measurement(name, Finding(ratio, "log likelihood ratio", evidence=Evidence(notes=notes), share=share), null)


def _flip_bets(fused: HypothesisTests, scored: RowScoring) -> list[float]:
    """What bets on flipped labels win; none where they can't be made of any batch."""
    if fused.flip_odds is None:
        return []
    losses = scored.findings.get(fused.flip_odds.check)
    return fused.flip_odds.bets(None if losses is None or losses.fault else losses.row_scores)


def _measure_mean_shift(fused: HypothesisTests, scored: RowScoring) -> list[Measurement]:
    """What the rows say together about each column; nothing where no column can move."""
    moved = fused.mean_shift
    if moved is None:
        return []
    ratios = scored.moved.max(axis=-1)
    evidence = moved.evidence(ratios.mean(axis=0))
    statistic = float(ratios.max(axis=1).mean())
    finding = Finding(statistic, "log likelihood ratio", evidence=evidence, follows_from_shift=True)
    return [_measurement(MEAN_SHIFT.name, finding, moved.null.at(len(scored.log_odds)))]


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
    for name in sorted(batch.columns):
        column = batch.columns[name]
        for row in np.flatnonzero(column.unreadable).tolist():
            why = "could mean two numbers" if column.ambiguous[row] else "not a cell of its kind"
            rows.setdefault(row, f"{printable(name)}: {why}")
    return rows


def _rarest_check(scoring: dict[str, CalibratedCheck], findings: dict[str, Finding], rows: int) -> tuple[str, ...]:
    """For each row, the check with the largest surprise."""
    names, rarest, largest = [ROWS.name], np.zeros(rows, int), np.full(rows, -np.inf)
    for name, calibrated in scoring.items():
        scores = findings[name].row_scores
        if calibrated.conformal is None or scores is None or findings[name].fault or not rows:
            continue
        surprise = calibrated.conformal.scores(scores)
        rarest[surprise > largest] = len(names)
        largest = np.maximum(surprise, largest)
        names.append(name)
    return tuple(names[i] for i in rarest.tolist())


def _measurement(name: str, finding: Finding, null: SizedNull, judged: bool = True) -> Measurement:
    p_value = 0.0 if finding.fault else null.p_value(finding.statistic)
    return Measurement(name, replace(finding, row_scores=None), null, p_value, judged, finding.row_scores is not None)
