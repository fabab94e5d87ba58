"""How many rows are poisoned, as trusted rows tell it, and which to keep then."""

import numpy as np

from pratique.contract.method import Fit, TrainingRows, ask_probabilities

MOST_POISON = 0.5
"""The share of poisoned rows beyond which nothing is left out: most rows would be poison."""


def cut_halves(rows: TrainingRows, rng: np.random.Generator) -> np.ndarray:
    """Which rows are in the second half; halves keep the shares of the classes."""
    second = np.zeros(len(rows.targets), bool)
    for target in range(rows.classes):
        second[rng.permutation(np.flatnonzero(rows.targets == target))[::2]] = True
    return second


def cross_fit(rows: TrainingRows, fit: Fit, kept: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The probability of each class for every row, told by a classifier that saw the kept rows of the other half.

    A class of which a half holds no row is unknown there.
    """
    probabilities = np.zeros((len(rows.targets), rows.classes))
    for half in (second, ~second):
        seen = np.flatnonzero(kept & ~half)
        if len(classes := np.unique(rows.targets[seen])) > 1:
            classifier = fit(rows.points[seen], rows.targets[seen], None)
            probabilities[half] = ask_probabilities(classifier, rows.points[half], rows.classes)
        else:
            probabilities[np.ix_(half, classes)] = 1
    return probabilities


def tell_classes(rows: TrainingRows, fit: Fit, second: np.ndarray) -> np.ndarray:
    """The probability of each class for every row, as `cross_fit` tells it by all rows, or by trusted ones alone.

    That of trusted rows alone tells where it is right about more trusted rows. There poison has won: once most rows of
    a class are flipped, whoever learns from all of them takes the flipped labels for right.
    """
    told = cross_fit(rows, fit, np.ones(len(rows.targets), bool), second)
    if not rows.trusted.any():
        return told
    alone = cross_fit(rows, fit, rows.trusted, second)
    right, right_alone = ((each.argmax(axis=1) == rows.targets)[rows.trusted].sum() for each in (told, alone))
    return alone if right_alone > right else told


def estimate_poison(rows: TrainingRows, probabilities: np.ndarray) -> float:
    """The share of rows with a wrong label among those that are not trusted.

    Formula: r = (e - t) / (1 - t k / (k - 1)), e and t the shares of rows that are not trusted and of trusted ones
    whose label is not the one predicted, k the number of classes: what is wrong beyond what is wrong of trusted rows,
    labels being flipped to any other class alike. At least 0, at most `MOST_POISON`.
    """
    if not len(rows.doubtful) or not rows.trusted.any():
        return 0.0
    wrong = probabilities.argmax(axis=1) != rows.targets
    e, t, k = wrong[~rows.trusted].mean(), wrong[rows.trusted].mean(), rows.classes
    room = 1 - t * k / (k - 1)
    return float(np.clip((e - t) / room, 0, MOST_POISON)) if room > 0 else 0.0


def compute_losses(rows: TrainingRows, probabilities: np.ndarray) -> np.ndarray:
    """Minus the logarithm of the probability of each row's class."""
    return -np.log(np.maximum(probabilities[np.arange(len(rows.targets)), rows.targets], 1e-12))


def keep_lowest(rows: TrainingRows, losses: np.ndarray, share: float) -> np.ndarray:
    """Which rows stay: every trusted one, and all but `share` of the others, those of the highest losses going first.

    Of every class that is learned at least one row stays.
    """
    kept = np.ones(len(losses), bool)
    doubtful = rows.doubtful
    order = doubtful[np.argsort(-losses[doubtful], kind="stable")]
    kept[order[: round(share * len(order))]] = False
    return restore_classes(rows, losses, kept)


def restore_classes(rows: TrainingRows, losses: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The same rows, and the row of the lowest loss of each class that none of them has."""
    kept = kept.copy()
    for target in range(rows.classes):
        members = np.flatnonzero(rows.learned & (rows.targets == target))
        if not kept[members].any():
            kept[members[np.argmin(losses[members])]] = True
    return kept
