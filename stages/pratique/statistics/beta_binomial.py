"""The chance of a count among new rows, given the count among trusted rows."""

from functools import lru_cache

import numpy as np

MOST_COUNTED_ROWS = 20_000
"""Rows from which on counts are scaled down: what so many rows say is limited by the trusted rows, not by them."""
SMALLEST_LOG10_P = -300.0


def count_log10_p(counts: np.ndarray, rows: np.ndarray, hits: np.ndarray, misses: np.ndarray) -> np.ndarray:
    """Common logarithm of P[X >= count], X beta-binomial of `rows` draws with parameters `hits` and `misses`.

    With `hits` = a + 1/2 and `misses` = m - a + 1/2 that is the prediction for new rows, where a of m trusted rows
    have a value, under Jeffreys' prior: honest also where no trusted row has it. The sum runs over the tail, so that
    it stays exact where it is small; each of its terms is the one before times a ratio.

    Parameters
    ----------
    counts, rows : ndarray of int, shape (values,)
        0 <= count <= rows.
    hits, misses : ndarray of float, shape (values,)
        Above 0.

    Returns
    -------
    ndarray of float, shape (values,)
        In [`SMALLEST_LOG10_P`, 0].

    Examples
    --------
    One of the two rows has it, by a uniform prior: P[X >= 1] = 2 / 3.

    >>> (10 ** count_log10_p(*np.array([[1], [2]]), *np.array([[1.0], [1.0]]))).round(6).tolist()
    [0.666667]
    """
    scale = np.minimum(1.0, MOST_COUNTED_ROWS / np.maximum(rows, 1))
    cases = zip(np.floor(counts * scale).tolist(), np.floor(rows * scale).tolist(), hits.tolist(), misses.tolist(),
                strict=True)  # fmt: skip
    return np.array([_log10_tail(*case) for case in cases])


@lru_cache(maxsize=100_000)
def _log10_tail(count: float, rows: float, hits: float, misses: float) -> float:
    from scipy.special import betaln, gammaln

    if count <= 0:
        return 0.0
    choose = gammaln(rows + 1) - gammaln(count + 1) - gammaln(rows - count + 1)
    first = choose + betaln(count + hits, rows - count + misses) - betaln(hits, misses)
    k = np.arange(count, rows)
    steps = np.log((rows - k) / (k + 1) * (k + hits) / (rows - k - 1 + misses))
    terms = first + np.concatenate([[0.0], steps.cumsum()])
    largest = terms.max()
    log_p = largest + np.log(np.exp(terms - largest).sum())
    return float(np.clip(log_p / np.log(10), SMALLEST_LOG10_P, 0.0))
