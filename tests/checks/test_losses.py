"""Losses: what the models make of labels, known and unknown."""

import numpy as np
import pytest
from pratique.checks.losses import FLOOR, Losses, Network, _votes
from pratique.contract.check import measure
from pratique.core.batch import Batch
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier


@pytest.fixture(scope="module")
def fitted(mixed_batch):
    return Losses().fit(mixed_batch, np.random.default_rng(0))


def relabelled(batch: Batch, label: str) -> Batch:
    return Batch.from_frame(batch.name, batch.frame.assign(y=label), batch.layout)


def test_an_unknown_label_loses_as_much_as_there_is_to_lose(fitted, mixed_batch):
    found = measure(fitted, relabelled(mixed_batch, "perhaps"))
    np.testing.assert_allclose(found.row_scores, -np.log(FLOOR))
    assert all((found.signals[f"label_{known}"] == 0).all() for known in ("yes", "no"))


def test_a_label_and_its_opposite_lose_what_their_probabilities_say(fitted, mixed_batch):
    """Two classes: the two probabilities of a row sum to one."""
    both = [np.exp(-measure(fitted, relabelled(mixed_batch, label)).row_scores) for label in ("yes", "no")]
    inside = (both[0] > 0.01) & (both[1] > 0.01)
    np.testing.assert_allclose(both[0][inside] + both[1][inside], 1.0)


def test_flipped_labels_lose_more(fitted, mixed_batch):
    flipped = np.where(mixed_batch.labels == "yes", "no", "yes")
    wrong = measure(fitted, Batch.from_frame("s/b", mixed_batch.frame.assign(y=flipped), mixed_batch.layout))
    assert wrong.statistic > measure(fitted, mixed_batch).statistic + 1


def test_one_class_has_nothing_to_be_confused_with(mixed_batch):
    fitted = Losses().fit(relabelled(mixed_batch, "yes"), np.random.default_rng(0))
    assert measure(fitted, relabelled(mixed_batch, "yes")).statistic == pytest.approx(0.0)
    assert measure(fitted, relabelled(mixed_batch, "no")).statistic == pytest.approx(-np.log(FLOOR))


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_the_network_is_scikit_learns(classes):
    rng = np.random.default_rng(3)
    points, codes = rng.normal(size=(60, 5)), np.arange(60) % classes
    scale = points.std(axis=0)
    model = MLPClassifier((32,), alpha=1.0, max_iter=200, random_state=7).fit(points / scale, codes)
    got = Network.fit(points, codes, 7).probabilities(points)
    np.testing.assert_allclose(got, model.predict_proba(points / scale), rtol=1e-9)


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_the_forest_s_votes_are_its_own_probabilities(classes):
    rng = np.random.default_rng(classes)
    points, codes = rng.normal(size=(120, 4)), rng.integers(0, classes, 120)
    forest = RandomForestClassifier(15, min_samples_leaf=2, random_state=0).fit(points, codes)
    asked = rng.normal(size=(30, 4))
    np.testing.assert_array_equal(_votes(forest, asked), forest.predict_proba(asked))
