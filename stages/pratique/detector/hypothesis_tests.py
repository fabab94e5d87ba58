"""All checks together: the fusion of every fold, and what it makes of trusted rows that it has not seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pratique.contract.check import measure
from pratique.contract.finding import Finding
from pratique.core.batch import Batch
from pratique.core.progress import show_progress
from pratique.detector.calibrated import FOLDS, CalibratedCheck
from pratique.detector.clean_rows import CleanRows, by_one_fold
from pratique.detector.flip_odds import FlipOdds
from pratique.detector.fusion import Fusion, fit_platt_line
from pratique.detector.hypotheses import SEPARATE_FAMILIES
from pratique.detector.mean_shift import MeanShiftTest, fit_mean_shift
from pratique.detector.signals import RatedSignals, SignalRarity, SignalRows, collect_signals, stack_signals
from pratique.detector.simulate import MEAN_SHIFT_FAMILY, SIMULATIONS, simulate_rows
from pratique.statistics import mixture
from pratique.statistics.conformal import ConformalScore
from pratique.statistics.nulls import MomentNull


@dataclass(frozen=True)
class FamilyTest:
    """A fusion for each fold that was shown one family of attacks, and the null of the likelihood ratio it gives."""

    folds: tuple[Fusion, ...]
    null: MomentNull

    def fold(self, k: int) -> "FamilyTest":
        """The test of fold `k` alone."""
        return replace(self, folds=(self.folds[k],))


@dataclass(frozen=True)
class HypothesisTests:
    """What turns a row's measurements into odds, and a batch's odds into a statistic with a null.

    Attributes
    ----------
    names : tuple of str
        The signals that the fusions read: those that every fold's checks have.
    rarities : tuple of SignalRarity
        For each fold, of the clean rows of the others.
    folds : tuple of Fusion
        Each trained on the rows that the others' checks left out.
    conformal : ConformalScore
        Of the log odds of trusted rows, out of fold.
    null : MomentNull
        Of the likelihood ratio.
    families : dict of str to FamilyTest
        Those that are asked about by themselves, too.
    mean_odds : float
        Of clean rows, or a little more: see `mixture.mean_odds`.
    flip_odds : FlipOdds, optional
        What bets on flipped labels are made of; None where no check gives labels a probability.
    mean_shift : MeanShiftTest, optional
        What rows say together about each column; None where no column can move, or where it was not to be learned.
    out_of_fold : bool
        Whether the nulls come from the rows that each fold left out, not from trusted rows that no fold knows.
    """

    names: tuple[str, ...]
    rarities: tuple[SignalRarity, ...]
    folds: tuple[Fusion, ...]
    conformal: ConformalScore
    null: MomentNull
    families: dict[str, FamilyTest]
    mean_odds: float
    flip_odds: FlipOdds | None
    mean_shift: MeanShiftTest | None
    out_of_fold: bool = True

    def fold(self, k: int) -> "HypothesisTests":
        """The tests of fold `k` alone."""
        return replace(
            self,
            rarities=(self.rarities[k],),
            folds=(self.folds[k],),
            families={name: family.fold(k) for name, family in self.families.items()},
            mean_shift=None if self.mean_shift is None else replace(self.mean_shift, folds=(self.mean_shift.folds[k],)),
        )

    def rate(self, fold: int, found: Mapping[str, Finding]) -> RatedSignals:
        """What a fold's checks found of some rows, rated; signals of a check that is not among them are missing."""
        return self.rarities[fold].rate(stack_signals(collect_signals(found), self.names))

    def log_odds(self, fold: int, rows: RatedSignals) -> np.ndarray:
        """Log odds of each row by all attacks together and by each family, shape (rows, 1 + families)."""
        asked = [self.folds[fold], *(family.folds[fold] for family in self.families.values())]
        return np.column_stack([fusion.log_odds(rows) for fusion in asked])


def fit_hypothesis_tests(
    checks: Mapping[str, CalibratedCheck],
    trusted: Batch,
    parts: list[np.ndarray],
    seed: int,
    without: str | None = None,
    unlearned: Batch | None = None,
) -> HypothesisTests | None:
    """Train the fusion on trusted rows and on simulated poison in them; None where no check scores rows.

    Every fold's rows, clean and poisoned, are measured by the checks that were fitted without them, and weighed by
    a fusion that was trained without them. The nulls come from trusted rows that are `unlearned` by every fold, or,
    where there are none, from the rows that each fold left out. Where rows have an order, they stand in it.
    """
    scoring = {name: c for name, c in checks.items() if c.conformal is not None}
    if not scoring:
        return None
    names = _common(scoring, trusted.take(parts[0]))
    clean, poisoned = [], []
    held_out_rows = [trusted.take(rows) for rows in parts]
    for k, held_out in enumerate(show_progress(held_out_rows, "simulating attacks")):
        clean.append(SignalRows(_signals(scoring, k, held_out, names), np.full(len(held_out), -1)))
        groups, copies = simulate_rows(held_out, [seed, k], without)
        poisoned.append(SignalRows(_signals(scoring, k, copies, names), groups))
    rarities = tuple(
        SignalRarity.of(np.vstack([rows.signals for rows in clean[:k] + clean[k + 1 :]])) for k in range(FOLDS)
    )
    folds, log_odds = _train(clean, poisoned, rarities, seed)
    seen = (
        None if unlearned is None else [rarities[k].rate(_signals(scoring, k, unlearned, names)) for k in range(FOLDS)]
    )
    limits = CleanRows(seen, np.argsort(np.concatenate(parts)), trusted.order is not None, seed)
    log_odds = limits.log_odds(folds, log_odds)
    asked, questions = {}, [log_odds]
    for family in (hypothesis.name for hypothesis in SEPARATE_FAMILIES):
        shown = [_of_family(rows, family) for rows in poisoned]
        if all(len(rows.groups) for rows in shown):
            asked[family], odds = _train(clean, shown, rarities, seed)
            questions.append(limits.log_odds(asked[family], odds))
    null, *own_nulls = limits.nulls(questions)
    moved = None
    if without != MEAN_SHIFT_FAMILY:
        moved = fit_mean_shift(
            lambda k, batch: _signals(scoring, k, batch, names),
            held_out_rows,
            [rows.signals for rows in clean],
            rarities,
            seed,
            limits,
        )
    flipped = FlipOdds.fit(scoring, len(np.unique(trusted.labels)))
    return HypothesisTests(
        names,
        rarities,
        folds,
        ConformalScore.of(by_one_fold(log_odds)),
        null,
        {name: FamilyTest(own, each) for (name, own), each in zip(asked.items(), own_nulls, strict=True)},
        mixture.mean_odds(log_odds.mean(axis=0)),
        flipped,
        moved,
        unlearned is None,
    )


def _train(
    clean: list[SignalRows], poisoned: list[SignalRows], rarities: tuple[SignalRarity, ...], seed: int
) -> tuple[tuple[Fusion, ...], np.ndarray]:
    """A fusion for each fold, trained on the others' rows, and the log odds of all clean rows out of fold."""
    seen = [SignalRows.join(list(pair)) for pair in zip(clean, poisoned, strict=True)]
    folds = [
        Fusion.train(SignalRows.join(seen[:k] + seen[k + 1 :]), rarities[k], seed)
        for k in show_progress(range(len(seen)), "training the fusion")
    ]
    found = [f.log_odds(r.rate(rows.signals)) for f, r, rows in zip(folds, rarities, seen, strict=True)]
    slope, intercept = fit_platt_line(np.concatenate(found), np.concatenate([rows.groups for rows in seen]))
    honest = tuple(fusion.recalibrate(slope, intercept) for fusion in folds)
    of_clean = [odds[: len(rows.groups)] for odds, rows in zip(found, clean, strict=True)]
    return honest, intercept + slope * np.concatenate(of_clean)


def _of_family(rows: SignalRows, family: str) -> SignalRows:
    """The rows that attacks of one family poisoned."""
    chosen = np.isin(rows.groups, [i for i, simulation in enumerate(SIMULATIONS) if simulation.family == family])
    return SignalRows(rows.signals[chosen], rows.groups[chosen])


def _signals(scoring: Mapping[str, CalibratedCheck], fold: int, batch: Batch, names: tuple[str, ...]) -> np.ndarray:
    return stack_signals(collect_signals({name: measure(c.folds[fold], batch) for name, c in scoring.items()}), names)


def _common(scoring: Mapping[str, CalibratedCheck], batch: Batch) -> tuple[str, ...]:
    """Signals that every fold's checks have: a class or a level that only one of them knows is no signal of all."""
    by_fold = [
        set(collect_signals({name: measure(c.folds[k], batch) for name, c in scoring.items()})) for k in range(FOLDS)
    ]
    return tuple(sorted(set.intersection(*by_fold)))
