"""Least squares with a penalty as a classifier, and how many labels it takes to turn what it says."""

import numpy as np


def weigh_labels(points: np.ndarray, others: np.ndarray, penalty: float) -> np.ndarray:
    """How much each training label counts in the score of each other row, shape (others, rows).

    Formula: H = X_o (X' X / n + penalty I)^-1 X' / n; the score of a row is H s, s the labels as -1 and 1.
    """
    n = len(points)
    gram = points.T @ points / n + penalty * np.eye(points.shape[1])
    return np.asarray(others @ np.linalg.solve(gram, points.T) / n)


def compute_flip_radius(counted: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """How many training labels may be flipped, whichever they are, without turning the sign of each score.

    Exact: so many never turn it, and one more can, unless all of them can't. A flip of label i moves the score by
    -2 h_i s_i, whatever else is flipped, so the worst are those of the largest 2 h_i s_i sign(f).

    Formula: the largest r for which the sum of the r largest max(0, 2 h_i s_i sign f) is below |f|; 0 where f is 0.

    Compare Rosenfeld et al., "Certified robustness to label-flipping attacks via randomized smoothing", ICML 2020:
    no randomness is needed where scores are linear in the labels.

    Parameters
    ----------
    counted : ndarray of float, shape (others, rows)
        Of `weigh_labels`.
    signs : ndarray of float, shape (rows,)
        The training labels, -1 or 1.

    Examples
    --------
    >>> compute_flip_radius(np.array([[0.5, 0.25, 0.25, -0.5]]), np.array([1.0, 1.0, 1.0, 1.0]))
    array([0])
    >>> compute_flip_radius(np.array([[0.5, 0.25, 0.25, 0.5]]), np.array([1.0, 1.0, 1.0, 1.0]))
    array([1])
    """
    scores = counted @ signs
    gains = np.maximum(2 * counted * signs * np.sign(scores)[:, None], 0)
    worst = np.cumsum(-np.sort(-gains, axis=1), axis=1)
    return np.asarray((worst < np.abs(scores)[:, None]).sum(axis=1))
