"""Figures of a model's answers equal scikit-learn's, for any weights of the rows."""

import numpy as np
import pytest
from pratique.results.answers import Answers, score_answers, weigh_auc
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score

LABELS = np.array(list("aabbbccaab"))
SAID = np.array([list("abbbbccaac"), list("aabbacccab")])


@pytest.fixture
def weights():
    drawn = np.random.default_rng(0).integers(0, 4, size=(5, len(LABELS)))
    return np.concatenate([np.ones((1, len(LABELS))), drawn + (np.arange(len(LABELS)) < 6)]).astype(np.float32)


@pytest.mark.parametrize("training", [0, 1])
def test_accuracy_and_macro_means_are_scikit_learn_s(weights, training):
    found = score_answers(Answers(SAID, None), LABELS, {}, weights)
    macro = {"average": "macro", "zero_division": 0}
    for draw, weight in enumerate(weights):
        for name, value in (
            ("accuracy", accuracy_score(LABELS, SAID[training], sample_weight=weight)),
            ("precision_macro", precision_score(LABELS, SAID[training], sample_weight=weight, **macro)),
            ("recall_macro", recall_score(LABELS, SAID[training], sample_weight=weight, **macro)),
            ("f1_macro", f1_score(LABELS, SAID[training], sample_weight=weight, **macro)),
        ):
            assert found[name][training, draw] == pytest.approx(value, abs=1e-6), name


def test_recall_by_class_and_accuracy_by_group(weights):
    first = LABELS == "a"
    found = score_answers(Answers(SAID, None), LABELS, {"accuracy_first": first}, weights[:1])
    assert found["recall_a"].ravel().tolist() == pytest.approx([3 / 4, 3 / 4])
    assert found["recall_c"].ravel().tolist() == pytest.approx([1, 1])
    assert np.array_equal(found["accuracy_first"], found["recall_a"])
    assert "auc" not in found


def test_auc_with_ties_is_scikit_learn_s():
    rng = np.random.default_rng(1)
    scores, positive = rng.integers(0, 6, 40) / 5, rng.random(40) < 0.4
    weights = rng.integers(1, 4, size=(3, 40)).astype(np.float32)
    expected = [roc_auc_score(positive, scores, sample_weight=weight) for weight in weights]
    assert weigh_auc(scores, positive, weights) == pytest.approx(expected, abs=1e-6)


def test_a_sample_without_a_class_counts_as_nothing():
    weights = np.array([[0, 0, 1, 1, 1, 1, 1, 0, 0, 1]], np.float32)
    found = score_answers(Answers(SAID[:1], None), LABELS, {}, weights)
    assert found["recall_a"].item() == 0
    assert weigh_auc(np.arange(4.0), np.array([False, True, True, True]), np.array([[0, 1, 1, 1]], np.float32)) == 0
