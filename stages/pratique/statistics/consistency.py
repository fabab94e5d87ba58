"""How consistent two selections of features are."""

import numpy as np


def kuncheva_index(first: np.ndarray, second: np.ndarray) -> float:
    """The consistency index of two selections of k of d features: 1 where they are the same, near 0 by chance.

    Formula: (r d - k^2) / (k (d - k)), r the number of features that both select.

    Source: Kuncheva, "A stability index for feature selection", 2007.

    Parameters
    ----------
    first, second : ndarray of bool, shape (d,)
        Which features are selected; both select k of them, 0 < k < d.

    Examples
    --------
    >>> kuncheva_index(np.array([True, True, False, False]), np.array([True, False, True, False]))
    0.0
    """
    d, k = len(first), int(first.sum())
    if int(second.sum()) != k or not 0 < k < d:
        raise ValueError(f"{k} and {second.sum()} of {d} features: both must select the same number, some but not all")
    return float((np.sum(first & second) * d - k**2) / (k * (d - k)))


def select_largest(values: np.ndarray, count: int) -> np.ndarray:
    """Which values are the `count` of the largest size; of equal ones, the first.

    Examples
    --------
    >>> select_largest(np.array([0.5, -2.0, 1.0]), 2).tolist()
    [False, True, True]
    """
    chosen = np.zeros(len(values), bool)
    chosen[np.argsort(-np.abs(values), kind="stable")[:count]] = True
    return chosen
