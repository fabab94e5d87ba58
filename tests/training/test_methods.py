"""What methods of training find in rows of which some are flipped, and the parts that they share, by hand."""

from functools import partial

import numpy as np
import pytest
from pratique.contract.method import TrainingRows, ask_probabilities
from pratique.training.discovery import load_method
from pratique.training.methods.forward_correction import estimate_transitions
from pratique.training.methods.learned_regularization import LearnedRegularization
from pratique.training.methods.support.linear import as_classifier
from pratique.training.methods.support.noise import (
    cross_fit,
    cut_halves,
    estimate_poison,
    keep_lowest,
    tell_classes,
)
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

TRUSTED, SENT = 120, 400


def fit(points, targets, weights):
    return LogisticRegression().fit(points, targets, sample_weight=weights)


def make(flips, seed=0, one_way=False, far=0.0):
    """Two classes in two dimensions; a share of what came in is flipped, and moved by `far` to where class 0 lies."""
    rng = np.random.default_rng(seed)
    true = np.arange(TRUSTED + SENT) % 2
    points = rng.normal(1.5 * np.column_stack([true, -true]), 1.0)
    trusted = np.arange(TRUSTED + SENT) < TRUSTED
    eligible = np.flatnonzero(~trusted & (true == 0 if one_way else True))
    bad = rng.permutation(eligible)[: round(flips * SENT)]
    targets = true.copy()
    targets[bad] = 1 - targets[bad]
    points[bad] += np.array([-far, far])
    rows = TrainingRows(points, targets, trusted, np.ones(len(true), bool))
    return rows, bad, true


def separate(weights, bad):
    """The chance that a flipped row weighs less than another of those that came in."""
    flipped = np.isin(np.arange(TRUSTED + SENT), bad)[TRUSTED:]
    ranks, count = rankdata(-weights[TRUSTED:]), flipped.sum()
    return (ranks[flipped].sum() - count * (count + 1) / 2) / (count * (~flipped).sum())


@pytest.mark.parametrize(
    ("name", "auroc"),
    [
        ("forward_correction", 0.93),
        ("generalised_cross_entropy", 0.93),
        ("hypercleaning", 0.85),
        ("influence", 0.7),
        ("ransac", 0.65),
        ("small_loss", 0.8),
        ("trimmed_loss", 0.8),
    ],
)
def test_flipped_rows_weigh_less(name, auroc):
    rows, bad, _ = make(0.2)
    weights = load_method(name)().fit(rows, fit, np.random.default_rng(0)).weights
    assert separate(weights, bad) > auroc


@pytest.mark.parametrize("name", ["forward_correction", "small_loss", "trimmed_loss", "hypercleaning", "ransac"])
def test_a_model_of_flipped_rows_comes_nearer_to_that_of_true_ones(name):
    rows, _, true = make(0.15, one_way=True)
    best, plain = fit(rows.points, true, None), fit(rows.points, rows.targets, None)
    found = load_method(name)().fit(rows, fit, np.random.default_rng(0)).classifier
    far = [np.abs(each.predict_proba(rows.points) - best.predict_proba(rows.points)).mean() for each in (found, plain)]
    assert far[0] < 0.8 * far[1]


def test_sever_leaves_out_rows_that_pull_one_way():
    rows, bad, _ = make(0.1, one_way=True, far=3.0)
    weights = load_method("sever")().fit(rows, fit, np.random.default_rng(0)).weights
    assert separate(weights, bad) > 0.7


def test_rows_far_away_move_a_median_of_means_less_than_the_mean():
    rows, _, true = make(0.05, one_way=True, far=8.0)
    clean = ~np.isin(np.arange(len(true)), np.flatnonzero(rows.targets != true))
    errors = [
        np.mean(each.predict(rows.points[clean]) != true[clean])
        for each in (
            load_method("median_of_means")().fit(rows, fit, np.random.default_rng(0)).classifier,
            fit(rows.points, rows.targets, None),
        )
    ]
    assert errors[0] < errors[1]


@pytest.mark.parametrize(("flips", "one_way"), [(0.0, False), (0.1, False), (0.3, False), (0.2, True), (0.45, True)])
def test_the_share_of_poison_is_estimated(flips, one_way):
    """Of 400 rows 200 are of one class: of it most, nearly all, are flipped in the end."""
    shares = []
    for seed in range(5):
        rows, _, _ = make(flips, seed, one_way)
        halves = cut_halves(rows, np.random.default_rng(seed))
        shares.append(estimate_poison(rows, tell_classes(rows, fit, halves)))
    assert np.mean(shares) == pytest.approx(flips, abs=0.04)


@pytest.mark.parametrize("name", ["forward_correction", "small_loss", "trimmed_loss"])
def test_a_class_most_of_whose_rows_are_flipped_is_still_known(name):
    rows, _, true = make(0.4, one_way=True)
    found = load_method(name)().fit(rows, fit, np.random.default_rng(0)).classifier
    right = [np.mean(each.predict(rows.points) == true) for each in (found, fit(rows.points, rows.targets, None))]
    assert right[0] > right[1] + 0.2


def test_a_model_of_trusted_rows_tells_only_where_it_is_right_about_more_of_them():
    for flips, alone in ((0.0, False), (0.45, True)):
        rows, _, _ = make(flips, one_way=True)
        halves = cut_halves(rows, np.random.default_rng(0))
        kept = rows.trusted if alone else np.ones(len(halves), bool)
        np.testing.assert_array_equal(tell_classes(rows, fit, halves), cross_fit(rows, fit, kept, halves))


def test_the_share_of_poison_by_hand():
    """One of four trusted rows and two of four others are wrong: (1/2 - 1/4) / (1 - 2/4)."""
    targets, said = np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.array([0, 0, 1, 0, 0, 1, 0, 1])
    trusted = np.arange(8) < 4
    rows = TrainingRows(np.zeros((8, 1)), targets, trusted, np.ones(8, bool))
    assert estimate_poison(rows, np.eye(2)[said]) == 0.5


def test_flips_one_way_are_told_from_flips_both_ways():
    rows, _, _ = make(0.2, one_way=True)
    halves = cut_halves(rows, np.random.default_rng(0))
    flips = estimate_transitions(rows, cross_fit(rows, fit, np.ones(len(halves), bool), halves))
    np.testing.assert_allclose(flips.sum(axis=1), 1)
    assert flips[0, 1] == pytest.approx(0.4, abs=0.1)
    assert flips[1, 0] == pytest.approx(0.0, abs=0.1)


def test_trusted_rows_and_one_of_each_class_stay():
    rows = TrainingRows(np.zeros((5, 1)), np.array([0, 0, 1, 1, 0]), np.arange(5) == 0, np.ones(5, bool))
    losses = np.array([9.0, 1.0, 5.0, 4.0, 0.5])
    assert keep_lowest(rows, losses, 0.25).tolist() == [True, True, False, True, True]
    assert keep_lowest(rows, losses, 0.5).tolist() == [True, True, False, True, True]
    assert keep_lowest(rows, losses, 1.0).tolist() == [True, False, False, True, False]


@pytest.mark.parametrize("fields", [{}, {"norm": "l1"}, {"each": True}])
def test_a_penalty_is_learned_that_makes_held_out_rows_likelier(fields):
    """40 dimensions of noise: the usual penalty of 1/n is far too small."""
    rng = np.random.default_rng(0)
    targets = np.arange(200) % 2
    points = rng.normal(0, 1, (200, 40))
    points[:, 0] += targets
    rows = TrainingRows(points, targets, np.arange(200) < 120, np.ones(200, bool))
    method = LearnedRegularization(**fields)
    learned = method.learn_penalty(rows, np.random.default_rng(0))
    assert learned.shape == ((41,) if fields.get("each") else (1,))
    assert learned.max() > -np.log(200) + 0.5
    other = rng.normal(0, 1, (500, 40))
    truth = np.arange(500) % 2
    other[:, 0] += truth
    found, usual = method.fit(rows, fit, np.random.default_rng(0)).classifier, fit(points, targets, None)
    losses = [-np.log(ask_probabilities(each, other, 2)[np.arange(500), truth]).mean() for each in (found, usual)]
    assert losses[0] < losses[1]


@pytest.mark.parametrize("classes", [2, 3])
def test_parameters_become_a_classifier_that_answers_by_them(classes):
    w = np.random.default_rng(0).normal(size=(3, classes - 1))
    points = np.random.default_rng(1).normal(size=(5, 2))
    scores = np.column_stack([np.zeros(5), np.column_stack([points, np.ones(5)]) @ w])
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    ask = partial(ask_probabilities, as_classifier(w))
    np.testing.assert_allclose(ask(points, classes), expected)


def test_a_classifier_without_probabilities_gives_one_to_what_it_predicts():
    class Silent:
        def predict(self, points):
            return np.array([2, 0])

    assert ask_probabilities(Silent(), np.zeros((2, 1)), 3).tolist() == [[0, 0, 1], [1, 0, 0]]
