"""How a statistic behaves on clean rows, at any number of rows: the only place where thresholds come from."""

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from scipy import special

from pratique.statistics.beta_binomial import count_log10_p

NULL_SIZES = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""Batch sizes at which a null is learned; between them it is interpolated in the logarithm of the size."""
NULL_DRAWS = 2000
DRAWS_AT_ONCE = 20
SMALLEST_P = 1e-300
LARGEST_EXPONENT = 700.0


class SizedNull(Protocol):
    """A statistic's null distribution at one number of rows."""

    def p_value(self, statistic: float) -> float:
        """The chance that clean rows give this statistic or a higher one; in (0, 1]."""

    def limit(self, alpha: float) -> float:
        """The statistic whose p-value is `alpha`."""


class Null(Protocol):
    """A statistic's null distribution for every number of rows."""

    def at(self, rows: int) -> SizedNull:
        """The null for batches of this many rows."""


@dataclass(frozen=True)
class TailBound:
    """How rare a statistic that is a logarithm of a chance or of odds can be: share x exp(-rate x statistic).

    What a null is learned from may happen to be all alike, and then says nothing about what is a little higher.
    """

    rate: float
    share: float

    def chance(self, statistic: float) -> float:
        """The least p-value; above 1 where the statistic is no evidence."""
        return self.share * math.exp(min(-self.rate * statistic, LARGEST_EXPONENT))

    def statistic(self, alpha: float) -> float:
        """The least statistic whose p-value is `alpha`."""
        return math.log(self.share / alpha) / self.rate


Logarithm = Literal["chance", "odds"]
TAIL_BOUNDS: dict[Logarithm, TailBound] = {"chance": TailBound(math.log(10), 1.0), "odds": TailBound(1.0, 0.01)}
"""Of a statistic that is -log10 of a chance, and of a log likelihood ratio.

Where odds are honest, the log likelihood ratio of one share of poison is L or more in at most exp(-L) of clean batches
(Markov's inequality). A null may say a hundredth of that: on ten references of 1,000 rows 105 of 10,000 clean batches
alarmed with it, 156 with .003, most of the difference on two of them, where the null of `mimicry` is too narrow."""


@dataclass(frozen=True)
class Pearson3:
    """A null known by its mean, standard deviation and skewness: Pearson's type III, a shifted gamma.

    Means of few skewed scores are not normal; the third moment carries most of what is missing. A left skew is
    set to zero, because the normal's right tail is then the heavier, and so the honest one.

    A statistic at or below `floor` is no evidence, however narrow the null: its p-value is 1. Nor is one ever rarer
    than `TAIL_BOUNDS` says of what it `bounded_as`.

    Source: Pearson, "Contributions to the mathematical theory of evolution II" (1895).
    """

    mean: float
    std: float
    skew: float
    floor: float = -math.inf
    bounded_as: Logarithm | None = None

    def p_value(self, statistic: float) -> float:
        """Upper tail probability, at least `SMALLEST_P`, and that where it is not a number."""
        if statistic <= self.floor:
            return 1.0
        z = (statistic - self.mean) / self.std
        if self.skew < 1e-3:
            tail = float(special.ndtr(-z))
        else:
            shape = 4 / self.skew**2
            tail = float(special.gammaincc(shape, max(shape + z * math.sqrt(shape), 0.0)))  # NaN stays NaN
        if self.bounded_as is not None:
            tail = max(tail, min(1.0, TAIL_BOUNDS[self.bounded_as].chance(statistic)))
        return max(SMALLEST_P, tail)

    def limit(self, alpha: float) -> float:
        """Upper `alpha` quantile, at least `floor` and what `TAIL_BOUNDS` demands."""
        if self.skew < 1e-3:
            z = float(-special.ndtri(alpha))
        else:
            shape = 4 / self.skew**2
            z = float((special.gammainccinv(shape, alpha) - shape) / math.sqrt(shape))
        least = -math.inf if self.bounded_as is None else TAIL_BOUNDS[self.bounded_as].statistic(alpha)
        return max(self.floor, self.mean + z * self.std, least)


@dataclass(frozen=True)
class BetaBinomial:
    """A null for the share of rows that break a rule: `hits` of `trusted` reference rows did.

    The unknown rate has a Jeffreys prior, so the prediction for `rows` new rows is Beta-binomial with
    parameters hits + 1/2 and trusted - hits + 1/2: honest also where no trusted row broke the rule.
    """

    hits: int
    trusted: int
    rows: int

    def p_value(self, statistic: float) -> float:
        """The chance of `statistic * rows` broken rows or more among `rows` clean ones."""
        return max(SMALLEST_P, self._chance(round(statistic * self.rows)))

    def limit(self, alpha: float) -> float:
        """The smallest share of broken rows whose p-value is `alpha` or less; above 1 where there is none."""
        rarer = bisect_left(range(self.rows + 1), True, key=lambda count: self._chance(count) <= alpha)
        return rarer / self.rows

    def _chance(self, count: int) -> float:
        sizes, parameters = ([count], [self.rows]), ([self.hits + 0.5], [self.trusted - self.hits + 0.5])
        return float(10.0 ** count_log10_p(*map(np.array, sizes), *map(np.array, parameters))[0])


@dataclass(frozen=True)
class RateNull:
    """Null of a share of rows, for every size."""

    hits: int
    trusted: int

    def at(self, rows: int) -> BetaBinomial:
        """Exact at every size."""
        return BetaBinomial(self.hits, self.trusted, rows)


@dataclass(frozen=True)
class MomentNull:
    """Null known by its moments at some sizes.

    Attributes
    ----------
    sizes : ndarray of int, increasing
    moments : ndarray of float, shape (sizes, 3)
        Mean, standard deviation and skewness at each size.
    floor : float
    bounded_as : {"chance", "odds"}, optional
        See `Pearson3`.
    """

    sizes: np.ndarray
    moments: np.ndarray
    floor: float = -math.inf
    bounded_as: Logarithm | None = None

    def at(self, rows: int) -> Pearson3:
        """Interpolated in log size; beyond the ends, the null of the nearest size."""
        where = np.log(self.sizes)
        mean, std, skew = (float(np.interp(np.log(rows), where, column)) for column in self.moments.T)
        return Pearson3(mean, std, skew, self.floor, self.bounded_as)


def fit_moments(sizes: list[int], samples: list[np.ndarray]) -> MomentNull:
    """The null that samples of a statistic, one array for each size, show."""
    moments = [
        (float(s.mean()), max(float(s.std()), 1e-9 * max(1.0, abs(float(s.mean())))), _skewness(s)) for s in samples
    ]
    return MomentNull(np.array(sizes), np.array(moments))


def fit_null_of_scores(
    scores: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], rng: np.random.Generator
) -> Null:
    """The null of a statistic over rows, given the out-of-fold scores of trusted rows.

    Every draw resamples the reference first and the batch from it: a finite reference knows its own mean only
    so well, and that uncertainty, not 1/sqrt(rows), is what limits a large batch's test. Among the trusted rows
    stands one that nobody saw: see `add_unseen_row`.

    Parameters
    ----------
    scores : ndarray, shape (trusted rows,)
        All 0 or 1 where the score says that a row breaks a rule.
    statistic : callable
        From scores of shape (draws, rows) to shape (draws,).
    """
    if np.isin(scores, (0.0, 1.0)).all():
        return RateNull(int(scores.sum()), len(scores))
    scores = add_unseen_row(scores)
    samples = []
    for size in NULL_SIZES:
        values = []
        for _ in range(NULL_DRAWS // DRAWS_AT_ONCE):
            reference = scores[rng.integers(len(scores), size=(DRAWS_AT_ONCE, len(scores)))]
            drawn = rng.integers(len(scores), size=(DRAWS_AT_ONCE, size))
            values.append(statistic(np.take_along_axis(reference, drawn, axis=1)))
        samples.append(np.concatenate(values))
    return fit_moments(list(NULL_SIZES), samples)


def add_unseen_row(scores: np.ndarray) -> np.ndarray:
    """The scores of m trusted rows, and one more, at least as high as all of them.

    The next clean row is odder than m others with a chance of 1 in m + 1, by symmetry, and a small reference that
    happens to lack odd rows would otherwise deny that there are any. How much odder: by the mean excess of the
    sqrt(m) highest over the lowest of these, as where a tail falls exponentially; nothing where these are equal.

    Examples
    --------
    >>> add_unseen_row(np.array([0.0, 1.0, 1.0, 3.0])).tolist()
    [0.0, 1.0, 1.0, 3.0, 4.0]
    """
    highest = np.sort(scores)[-math.ceil(math.sqrt(len(scores))) :]
    return np.append(scores, highest[-1] + (highest - highest[0]).mean())


def _skewness(sample: np.ndarray) -> float:
    spread = sample.std()
    return float((((sample - sample.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0
