"""The verdict: a pure function of the measurements and the budget. It never looks at data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

import numpy as np

from pratique.contract.subject import ODDNESS
from pratique.core.errors import PratiqueError
from pratique.core.params import AlarmParams, ShiftParams
from pratique.detector.adequacy import BudgetAdequacy
from pratique.detector.examine import Examination, Measurement
from pratique.detector.hypotheses import MEAN_SHIFT, ROWS, SEPARATE_FAMILIES, budget_share, describe, may_be_honest

FAMILIES = tuple(family.name for family in (*SEPARATE_FAMILIES, MEAN_SHIFT))
RARE_ROW = 0.05
"""In a batch that is poisoned as a whole, a row this rare among trusted rows is worth a reviewer's look; in any
other batch a row must pass the false discovery rate to be held."""

BY_THEMSELVES = 0.06
"""Share of the budget for the other checks that are judged by themselves, together. `rows` has what is left."""

Outcome = Literal["accept", "partial", "quarantine"]
SHIFT_ALARM = "shift"
UNREADABLE_ALARM = "unreadable"


@dataclass(frozen=True)
class Judged:
    """One measurement beside the limit that the budget gave it, and whether the batch alarms under its name."""

    measurement: Measurement
    limit: float
    alarm: bool


@dataclass(frozen=True)
class RowReason:
    """Why a row is suspect by itself.

    Attributes
    ----------
    check : str
        The check whose rule it breaks, or to which it is the rarest; empty where a cell can't be read.
    rule : str, optional
        What it breaks.
    p_value : float, optional
        Where no rule is broken: the share of trusted rows that are as odd, in (0, 1].
    """

    check: str
    rule: str | None = None
    p_value: float | None = None

    @property
    def text(self) -> str:
        """For people."""
        if self.rule is None:
            return f"{self.check}: {_count_in_thousand(self.p_value or 0.0)} trusted rows {_name_oddness(self.check)}"
        return f"{self.check}: {self.rule}" if self.check else self.rule


@cache
def _name_oddness(check: str) -> str:
    """What few trusted rows do, in the words of a check; kept, because a batch can have many suspects."""
    about = describe(check).about
    return "look so odd" if about is None else ODDNESS.get(about, "look so odd")


def _count_in_thousand(share: float) -> str:
    """A small share, as people count it."""
    return f"only {round(1000 * share)} in 1,000" if share >= 0.0005 else "fewer than 1 in 1,000"


@dataclass(frozen=True)
class Verdict:
    """What becomes of a batch, and why.

    Attributes
    ----------
    verdict : {"accept", "partial", "quarantine"}
        Partial: the batch is accepted without the rows in `held`.
    p_value : float
        The chance that a clean batch looks this suspicious to any check; in [0, 1], small is suspicious. 0 where
        a declared rule is broken, a check failed or the batch can't be read.
    alarms : tuple of str
        Codes: a check's name where its statistic passed the limit or a declared rule of it is broken,
        `<check>.fault` where it failed, `judge_unreadable`.
    judged : tuple of Judged
    suspects : dict of int to RowReason
        Rows that a declared rule forbids or that are too rare to be clean.
    adequacy : BudgetAdequacy, optional
        What the reference is worth beside the budget; None where nothing was measured.
    """

    verdict: Outcome
    p_value: float
    alarms: tuple[str, ...]
    judged: tuple[Judged, ...] = ()
    suspects: dict[int, RowReason] = field(default_factory=dict)
    adequacy: BudgetAdequacy | None = None

    def holds(self, rows: int) -> np.ndarray:
        """Which of a batch's rows are quarantined: bool of shape (rows,)."""
        held = np.full(rows, self.verdict == "quarantine")
        if self.verdict == "partial":
            held[list(self.suspects)] = True
        return held


def judge(examination: Examination, alarms: AlarmParams, shift: ShiftParams) -> Verdict:
    """Judge a batch.

    The budget is shared by `share_budget`: a measurement of weight w alarms where its p-value is at most
    1 - (1 - alpha)^w (Sidak, 1967). Over independent or positively dependent checks the chance that a clean
    batch alarms is then at most alpha; over any others at most -ln(1 - alpha), 0.01005 for alpha = 0.01.
    A batch that alarms only where honest change does follows the policy for it; one that alarms for more, which the
    shift may explain, is held for `shift` whatever the policy: who moves most columns must not get a trigger past it.
    """
    shares = share_budget([m.check for m in examination.measurements if m.judged])
    limited = [_set_limit(m, shares.get(m.check, 0.0), alarms.alpha) for m in examination.measurements]
    explained = _explain_by_shift(limited) if examination.most_columns_moved else limited
    judged = _name_truly(explained)
    codes = tuple(
        f"{j.measurement.check}.fault" if _has_failed(j.measurement) else j.measurement.check for j in judged if j.alarm
    )
    lets_in = shift.policy == "warn" and [j.alarm for j in explained] == [j.alarm for j in limited]
    grave = [code for code in codes if not (lets_in and may_be_honest(code))]
    p_values = examination.row_p_values
    named = {j.measurement.check: j.measurement.finding.suspects for j in judged if j.alarm}
    by_rows = any(not suspects for code, suspects in named.items() if code in grave)
    rare = np.flatnonzero(p_values <= RARE_ROW) if by_rows else benjamini_hochberg(p_values, alarms.rows_fdr)
    suspects = _suspects(examination, rare, named)
    verdict: Outcome = "quarantine" if grave else "partial" if suspects else "accept"
    adequacy = None if examination.trusted is None else BudgetAdequacy(alarms.per_1000_batches, examination.trusted)
    return Verdict(verdict, _p_value(judged, shares), codes, judged, suspects, adequacy)


def _set_limit(measurement: Measurement, share: float, alpha: float) -> Judged:
    """A measurement beside its limit; one without a share of the budget alarms only where it fails or breaks a rule."""
    level = float(-np.expm1((share or 1.0) * np.log1p(-alpha)))
    passed = share > 0 and measurement.p_value <= level
    alarm = passed or _has_failed(measurement) or bool(measurement.finding.breaches)
    return Judged(measurement, measurement.limit(level), alarm)


def _explain_by_shift(judged: list[Judged]) -> list[Judged]:
    """Without the alarms that follow from a shift of most columns: rows of one place or one hour are alike."""
    if not any(each.alarm and each.measurement.check == SHIFT_ALARM for each in judged):
        return judged
    return [
        replace(
            each,
            alarm=each.alarm and (not each.measurement.finding.follows_from_shift or _has_failed(each.measurement)),
        )
        for each in judged
    ]


def _name_truly(judged: Iterable[Judged]) -> tuple[Judged, ...]:
    """An alarm of a family of attacks under its own name only if no other family explains the rows better.

    The family whose log likelihood ratio is the largest explains them best. The alarm of another one says no more than
    that the rows look poisoned.
    """
    found = {each.measurement.check: each for each in judged}
    ratios = {name: found[name].measurement.finding.statistic for name in FAMILIES if name in found}
    best = max(ratios.values(), default=0.0)
    misnamed = [name for name, ratio in ratios.items() if found[name].alarm and ratio < best]
    for name in misnamed if ROWS.name in found else ():
        found[name] = replace(found[name], alarm=False)
        found[ROWS.name] = replace(found[ROWS.name], alarm=True)
    return tuple(found.values())


def share_budget(names: list[str]) -> dict[str, float]:
    """Each measurement's share of the budget; they sum to one.

    What weighs all checks together sees most of what there is to see. The checks by themselves, which see what no
    simulated attack taught it, share `BY_THEMSELVES` evenly. What is not there leaves its share to `rows`.
    """
    if ROWS.name not in names:
        return {name: 1 / len(names) for name in names}
    asked = {name: budget_share(name) for name in names if name != ROWS.name}
    even = BY_THEMSELVES / max(1, sum(share is None for share in asked.values()))
    shares = {name: even if share is None else share for name, share in asked.items()}
    left = 1 - sum(shares.values())
    if left <= 0:
        raise PratiqueError(
            f"params.yaml: checks: their shares of the budget leave nothing for '{ROWS.name}'; run fewer"
        )
    return shares | {ROWS.name: left}


def judge_unreadable() -> Verdict:
    """The verdict on bytes that are no table."""
    return Verdict("quarantine", 0.0, (UNREADABLE_ALARM,))


def benjamini_hochberg(p_values: np.ndarray, rate: float) -> np.ndarray:
    """Positions, increasing, of the p-values that are rejected at this false discovery rate (1995).

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.5, 0.01, 0.02, 0.9]), 0.05)
    array([1, 2])
    """
    order = np.argsort(p_values, kind="stable")
    passed = np.flatnonzero(p_values[order] <= rate * np.arange(1, len(order) + 1) / len(order))
    return np.sort(order[: passed[-1] + 1]) if len(passed) else np.array([], np.int64)


def _has_failed(measurement: Measurement) -> bool:
    """Whether a check could not measure; a p-value that is no number would compare false with every limit."""
    return measurement.finding.fault is not None or bool(np.isnan(measurement.p_value))


def _suspects(
    examination: Examination, rare: np.ndarray, named: Mapping[str, Mapping[int, float]]
) -> dict[int, RowReason]:
    """The rare rows, those that an alarm names, and those that a declared rule forbids, each with the reason."""
    p_values, checks = examination.row_p_values, examination.row_checks
    suspects = {int(row): RowReason(checks[row], p_value=float(p_values[row])) for row in rare}
    for check, rows in named.items():
        suspects |= dict.fromkeys(rows, RowReason(check, describe(check).alarm))
    suspects |= {row: RowReason("", rule) for row, rule in examination.unreadable.items()}
    for m in reversed(examination.measurements):
        suspects |= {row: RowReason(m.check, rule) for row, rule in m.finding.forbidden.items()}
    return dict(sorted(suspects.items()))


def _p_value(judged: tuple[Judged, ...], shares: dict[str, float]) -> float:
    """The smallest p-value, each corrected for its share of the budget."""
    if any(j.measurement.finding.breaches or _has_failed(j.measurement) for j in judged):
        return 0.0
    found = {j.measurement.check: j.measurement.p_value for j in judged}
    return min((_correct(found[name], share) for name, share in shares.items()), default=1.0)


def _correct(p_value: float, share: float) -> float:
    return float(-np.expm1(np.log1p(-min(p_value, 1 - 1e-12)) / share))
