"""A batch as a mixture of clean and poisoned rows: how strongly it is one, and in which shares.

With f the log odds of a row (the density of poisoned rows over that of clean rows, in nats), a batch with a share
pi of poisoned rows has the log likelihood ratio L(pi) = sum of log(1 - pi + pi exp f) against a clean one. Few
poisoned rows that stand out and many that hardly do both raise it, each at its own pi.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pratique.statistics.nulls import SMALLEST_P, MomentNull, fit_moments
from pratique.statistics.tail import SmoothTail

MIXTURE_SHARES = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.8])
SHARE_GRID = np.concatenate([[0.0], np.geomspace(0.001, 1, 200)])
MIXTURE_SIZES = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 20_000, 100_000, 1_000_000)
MIXTURE_DRAWS = 2000
REFERENCES_AT_ONCE = 100
LOG_ODDS_LIMIT = 20.0
"""Log odds beyond this say no more, so that one row can't hide what the others show."""
NATS_PER_ROW = 3.0
"""Nats that one row counts at most, whatever the share: a censored likelihood ratio (Huber, "A robust version of the
probability ratio test", 1965). However odd a row is, it is worth odds of 20 to 1."""
WIDER_AT = 0.99
"""Quantile of the ratios by which one way to draw batches is wider than another."""
TAIL_END = 10.0
"""Log odds at which the smooth tail ends. From 9 to 12, and with 2.5 to 3.5 nats a row, batches are caught alike."""
FEW_TRUSTED_ROWS = 100
"""Trusted rows below which the null grows wider, as 1 / rows: the tail's handful of rows don't tell its scale. On 20
references of 56 and 76 rows two clean batches in 100 alarm with it, five without."""
STREAM_SHARES = np.array([0.01, 0.03, 0.1, 0.3])
STREAM_CAP = 4.0
"""A bet over many batches is on the mean of the odds, which a reference knows only where the largest are capped."""
INTERVAL_DROP = 1.353
"""The log likelihood falls by this much at the ends of an interval with one-sided confidence 95 % (Wilks, 1938)."""


def sum_terms(log_odds: np.ndarray, cap: float = TAIL_END) -> np.ndarray:
    """L(pi) for each of `MIXTURE_SHARES`, shape (..., shares), for log odds of shape (..., rows).

    The likelihood ratio of a batch is the largest of them. None counts for more than the cap, nor does any row add more
    than `NATS_PER_ROW`. What many rows say adds up, so they need not be looked at together.
    """
    return np.asarray(_row_terms(log_odds, cap).sum(axis=-2))


def largest_ratio(terms: np.ndarray) -> np.ndarray:
    """The likelihood ratio of a batch that several folds read: the largest over shares of the mean of their L(pi).

    Rows that each one fold reads have an L(pi) of the same mean, whatever the folds disagree about, and nulls are
    learned from those. The mean of the largest L(pi) of each fold is higher, the more the folds disagree.

    Parameters
    ----------
    terms : ndarray, shape (folds, ..., shares)
        What `sum_terms` says of each fold's log odds.
    """
    return np.asarray(terms.mean(axis=0).max(axis=-1))


def fit_null(log_odds: np.ndarray, rng: np.random.Generator) -> MomentNull:
    """The null of the likelihood ratio, given the out-of-fold log odds of trusted rows, shape (rows,).

    Every draw resamples the reference first, with a smooth tail (`SmoothTail`), and the batch from it. A ratio of 0 or
    less says that no poison is likelier than any share of it: that is no evidence.
    """
    clean = SmoothTail.of(log_odds, TAIL_END)
    learned = _fit_null(lambda count: clean.draw(count, rng), _row_terms(clean.values, TAIL_END), rng)
    wider = np.array([1.0, max(1.0, FEW_TRUSTED_ROWS / len(log_odds)), 1.0])
    return replace(learned, moments=learned.moments * wider)


def fit_null_of_largest(
    log_odds: np.ndarray, cap: float, rng: np.random.Generator, ordered: bool = False
) -> MomentNull:
    """The null of the largest likelihood ratio over several questions, given log odds of shape (rows, questions).

    What the questions say of one row belongs together: the reference is resampled row by row. Rows that stand in the
    order in which they were taken are drawn as blocks, see `fit_nulls_over_folds`.
    """
    terms = _row_terms(log_odds, cap).reshape(1, len(log_odds), -1)
    return _fit_nulls_of_draws([terms], [terms], 0, ordered, rng)[0]


def fit_nulls_over_folds(
    questions: Sequence[np.ndarray], single_from: int, rng: np.random.Generator, ordered: bool = False
) -> list[MomentNull]:
    """The null of each question's likelihood ratio (`largest_ratio`), from trusted rows that no fold learned from.

    Batches are drawn as they come: from rows drawn with replacement first, because so many rows know their own
    distribution only so well. Where rows stand in the order in which they were taken, also as consecutive blocks, and
    at each size the draws with the larger ratios count: rows of one hour differ from those of another, and blocks
    alone would not tell how well the rows know themselves. Every question is asked about the same batches.

    Parameters
    ----------
    questions : sequence of ndarray, each of shape (folds, rows)
        The log odds that every fold gives each row.
    single_from : int
        Rows from which on each row of a batch is scored by one fold.
    rng : numpy.random.Generator
    ordered : bool
    """
    folds, rows = questions[0].shape
    by_all = [_row_terms(log_odds, TAIL_END) for log_odds in questions]
    by_one = [terms[np.arange(rows) % folds, np.arange(rows)][None] for terms in by_all]
    return _fit_nulls_of_draws(by_all, by_one, single_from, ordered, rng)


def _fit_nulls_of_draws(
    by_all: list[np.ndarray], by_one: list[np.ndarray], single_from: int, ordered: bool, rng: np.random.Generator
) -> list[MomentNull]:
    """For each question the null of the largest of the sums of terms, each averaged over folds.

    Terms have shape (folds, rows, sums). From `single_from` rows on those of `by_one` are taken instead of those of
    `by_all`.
    """
    rows, chunks = by_all[0].shape[1], range(MIXTURE_DRAWS // REFERENCES_AT_ONCE)
    references = [rng.multinomial(rows, np.full(rows, 1 / rows), size=REFERENCES_AT_ONCE) / rows for _ in chunks]
    samples: list[list[np.ndarray]] = [[] for _ in by_all]
    for size in MIXTURE_SIZES:
        ways = [[rng.multinomial(size, reference).astype(np.float64) for reference in references]]
        if ordered:
            ways.append([draw_blocks(rows, size, REFERENCES_AT_ONCE, rng) for _ in chunks])
        for sample, terms in zip(samples, by_all if size < single_from else by_one, strict=True):
            ratios = [np.concatenate([largest_ratio(counts @ terms) for counts in drawn]) for drawn in ways]
            sample.append(max(ratios, key=lambda each: float(np.quantile(each, WIDER_AT))))
    return [_odds_null(each) for each in samples]


def draw_blocks(rows: int, size: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """How often each row comes in batches of consecutive rows, shape (count, rows).

    A batch of more than a quarter of the rows is made of several blocks.
    """
    longest = max(1, rows // 4)
    blocks, rest = divmod(size, longest)
    starts = np.zeros((count, rows + 1))
    for length, times in ((longest, blocks), (rest, 1)):
        if not length or not times:
            continue
        begins = rng.integers(rows - length + 1, size=(count, times))
        for one in range(count):
            np.add.at(starts[one], begins[one], 1)
            np.add.at(starts[one], begins[one] + length, -1)
    return starts.cumsum(axis=1)[:, :-1]


def _fit_null(references: Callable[[int], np.ndarray], terms: np.ndarray, rng: np.random.Generator) -> MomentNull:
    """The null of the largest of the sums of terms, shape (rows, sums), over batches of rows drawn from references.

    `references` draws so many of them: the chances of the rows, shape (count, rows).
    """
    samples: list[list[np.ndarray]] = [[] for _ in MIXTURE_SIZES]
    for _ in range(MIXTURE_DRAWS // REFERENCES_AT_ONCE):
        reference = references(REFERENCES_AT_ONCE)
        for size, found in zip(MIXTURE_SIZES, samples, strict=True):
            found.append((rng.multinomial(size, reference) @ terms).max(axis=1))
    return _odds_null([np.concatenate(found) for found in samples])


def _odds_null(samples: list[np.ndarray]) -> MomentNull:
    """The null that samples of a log likelihood ratio show: at 0 or less it is no evidence."""
    return replace(fit_moments(list(MIXTURE_SIZES), samples), floor=0.0, bounded_as="odds")


@dataclass(frozen=True)
class PoisonedShare:
    """Estimated share of poisoned rows, and the ends of an interval: each is passed with a chance of 5 %."""

    estimate: float
    lowest: float
    highest: float


UNKNOWN_SHARE = PoisonedShare(0.0, 0.0, 1.0)


def estimate_share(log_odds: np.ndarray) -> PoisonedShare:
    """Maximum likelihood over a grid, and the profile likelihood's interval."""
    likelihood = np.array([np.log1p(pi * _odds_minus_one(log_odds, LOG_ODDS_LIMIT)).sum() for pi in SHARE_GRID])
    best = int(likelihood.argmax())
    inside = np.flatnonzero(likelihood >= likelihood[best] - INTERVAL_DROP)
    return PoisonedShare(float(SHARE_GRID[best]), float(SHARE_GRID[inside[0]]), float(SHARE_GRID[inside[-1]]))


def posterior_log_odds(log_odds: np.ndarray, estimate: float) -> np.ndarray:
    """Log odds that each row is poisoned, given the batch's share; the share is taken for at least 1 in 10,000."""
    share_ = min(max(estimate, 1e-4), 1 - 1e-4)
    return log_odds + np.log(share_ / (1 - share_))


def mean_odds(log_odds: np.ndarray) -> float:
    """Upper confidence bound (95 %, normal) of the mean capped odds of clean rows, from trusted rows out of fold."""
    odds = np.exp(np.minimum(log_odds, STREAM_CAP))
    return float(odds.mean() + 1.645 * odds.std() / np.sqrt(len(odds)))


def bets(log_odds: np.ndarray, clean_odds: float) -> np.ndarray:
    """What a bet on each of `STREAM_SHARES` wins on this batch, as logarithms: mean of exp <= 1 over clean batches.

    The bet on pi wins the product over rows of 1 - pi + pi odds / E, E the mean odds of clean rows or more.
    """
    odds = np.exp(np.minimum(log_odds, STREAM_CAP)) / clean_odds
    return np.asarray(np.log1p(STREAM_SHARES * (odds[:, None] - 1)).sum(axis=0))


def p_value_bet(p_value: float) -> float:
    """What a bet against a p-value wins, as a logarithm: mean of exp <= 1 over clean batches, where p is valid.

    The mean over k in (0, 1) of the bets k p^(k - 1): (1 - p + p log p) / (p log(p)^2), 1/2 at p = 1 (Vovk and Wang,
    "E-values: calibration, combination and applications", 2021).
    """
    p = min(max(p_value, SMALLEST_P), 1.0)
    if p > 1 - 1e-4:  # the formula is 0 / 0 at its end
        return float(np.log(0.5))
    return float(np.log(1 - p + p * np.log(p)) - np.log(p) - 2 * np.log(-np.log(p)))


def _odds_minus_one(log_odds: np.ndarray, cap: float) -> np.ndarray:
    return np.asarray(np.expm1(np.clip(log_odds, -LOG_ODDS_LIMIT, cap)))


def _row_terms(log_odds: np.ndarray, cap: float) -> np.ndarray:
    """log(1 - pi + pi exp f), at most `NATS_PER_ROW`, for every row and share, shape (..., rows, shares)."""
    return np.asarray(np.minimum(np.log1p(_odds_minus_one(log_odds, cap)[..., None] * MIXTURE_SHARES), NATS_PER_ROW))
