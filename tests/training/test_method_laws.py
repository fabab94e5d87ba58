"""Laws that every method of training keeps: a new one is tested here without being named."""

import numpy as np
import pandas as pd
import pytest
from pratique.contract.method import SELECTING, Method, TrainingRows, order_rows
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.params import TrainParams
from pratique.training.discovery import configure_method, load_method, method_names
from pratique.training.models import Model, learn

LAYOUT = Layout("kind", {"length": "real", "width": "real", "colour": "category"})
MODELS = ("logistic_regression", "gradient_boosting", "random_forest", "estimator")
PAIRS = [(name, model) for name in method_names() for model in MODELS if model in load_method(name).goes_with]
DRAWN_BY_POSITION = [("plain", "random_forest")]
"""A plain forest draws rows by their position, as it always did."""
OTHER_PAIRS = [(n, model) for n in method_names() for model in MODELS if model not in load_method(n).goes_with]


def make(rows, seed, flips=0.0, classes=3):
    rng = np.random.default_rng(seed)
    kind = np.arange(rows) % classes
    said = np.where(rng.random(rows) < flips, (kind + 1) % classes, kind)
    frame = pd.DataFrame(
        {
            "length": rng.normal(2.5 * kind, 1.0),
            "width": rng.normal(2.0 * (kind == 1), 1.0),
            "colour": np.where(rng.random(rows) < 0.7, kind, 0).astype(str),
            "kind": np.array(["a", "b", "c"])[said],
        }
    )
    return Batch.from_frame("garden/monday", frame, LAYOUT)


LESS = {"rounds": 2, "steps": 3, "subsets": 2, "cuts": 2}
"""Laws hold however long a method seeks; here it seeks for a moment."""
TRUSTED, SENT = make(90, 0), make(90, 1, flips=0.2)


def params(name, model):
    method = {name: {field: LESS[field] for field in load_method(name).model_fields if field in LESS}}
    if model == "estimator":
        return TrainParams(method=method, estimator="sklearn.naive_bayes:GaussianNB")
    sizes = {} if model == "logistic_regression" else {"trees": 2}
    return TrainParams(method=method, model=model, **sizes)


@pytest.fixture(params=PAIRS, ids="-".join)
def pair(request):
    return params(*request.param)


def test_a_method_says_what_it_withstands_and_costs():
    for name in method_names():
        said = load_method(name).__doc__
        assert "Claim: " in said, name
        assert "Cost: " in said, name
        assert "Source: " in said or name == "plain", name
        assert load_method(name).goes_with <= SELECTING | {"network"}, name
        assert issubclass(load_method(name), Method)


@pytest.mark.parametrize(("name", "model"), [each for each in PAIRS if each not in DRAWN_BY_POSITION])
def test_the_order_of_rows_changes_nothing(name, model):
    pair, rows = params(name, model), TRUSTED.append(SENT)
    order = np.random.default_rng(3).permutation(len(rows))
    one, weights = learn(rows, pair, 0, trusted=TRUSTED)
    other, moved = learn(rows.take(order), pair, 0, trusted=TRUSTED.take(np.arange(len(TRUSTED))[::-1]))
    np.testing.assert_allclose(weights[order], moved)
    if name != "plain":
        assert one.to_bytes() == other.to_bytes()
    np.testing.assert_allclose(one.probabilities(TRUSTED), other.probabilities(TRUSTED), atol=1e-6)


def test_the_same_rows_and_seed_give_the_same_bytes(pair):
    rows = TRUSTED.append(SENT)
    models = [learn(rows, pair, 0, trusted=TRUSTED)[0].to_bytes() for _ in range(2)]
    assert models[0] == models[1]


def test_a_model_is_read_back_and_answers_with_every_class(pair, tmp_path):
    model, weights = learn(TRUSTED.append(SENT), pair, 0, trusted=TRUSTED)
    model.save(tmp_path / "model.skops")
    again = Model.load(tmp_path / "model.skops")
    np.testing.assert_array_equal(again.predict(SENT), model.predict(SENT))
    assert model.probabilities(SENT).shape == (len(SENT), 3)
    assert weights.shape == (len(TRUSTED) + len(SENT),)
    assert (weights >= 0).all()


def test_trusted_rows_alone_make_a_good_model(pair):
    model, _ = learn(TRUSTED, pair, 0, trusted=TRUSTED)
    assert np.mean(model.predict(TRUSTED) == TRUSTED.labels) > 0.6


def test_trusted_rows_need_not_be_learned_from(pair):
    model, weights = learn(SENT, pair, 0, trusted=TRUSTED)
    assert weights.shape == (len(SENT),)
    assert np.mean(model.predict(TRUSTED) == TRUSTED.labels) > 0.5


def test_no_trusted_row_is_no_fault(pair):
    model, _ = learn(SENT, pair, 0, trusted=TRUSTED.take(np.zeros(0, int)))
    assert np.mean(model.predict(TRUSTED) == TRUSTED.labels) > 0.5


def test_a_trusted_row_of_a_class_that_nobody_sent_is_no_fault(pair):
    two = SENT.take(np.flatnonzero(SENT.labels != "c"))
    assert learn(two, pair, 0, trusted=TRUSTED)[0].classes.tolist() == ["a", "b"]


@pytest.mark.parametrize(("name", "model"), OTHER_PAIRS)
def test_any_other_pair_is_refused_in_words(name, model):
    with pytest.raises(PratiqueError, match=rf"train\.method: {name} does not go with .*; it goes with "):
        configure_method(params(name, model))


def test_a_method_is_named_with_or_without_fields():
    assert TrainParams(method="plain") == TrainParams(method={"plain": {}}) == TrainParams()
    with pytest.raises(PratiqueError, match=r"train\.method: no such method 'plane'; known: .*plain"):
        configure_method(TrainParams(method="plane"))
    with pytest.raises(PratiqueError, match=r"train\.method\.plain: depth: unknown key"):
        configure_method(TrainParams(method={"plain": {"depth": 1}}))


def test_a_plain_training_is_in_no_digest_of_params_and_learns_as_it_did():
    assert "method" not in TrainParams(method="plain").model_dump()
    assert TrainParams(method={"ransac": {}}).model_dump()["method"] == {"ransac": {}}
    assert (TrainParams().name, TrainParams(method="ransac").name) == ("random_forest", "random_forest, ransac")


def test_rows_are_told_from_trusted_ones_by_their_cells():
    points, targets = np.array([[2.0, 1.0], [0.0, 1.0], [-0.0, 1.0], [5.0, 5.0]]), np.array([1, 0, 1, 0])
    order = order_rows(points, targets)
    assert order.tolist() == [1, 3, 2, 0]
    rows = TrainingRows.of(points[order], targets[order])
    rows = rows.join_trusted(np.array([[0.0, 1.0], [9.0, 9.0]]), np.array([1, 0]))
    np.testing.assert_array_equal(rows.points, [[0, 1], [5, 5], [0, 1], [2, 1], [9, 9]])
    assert rows.targets.tolist() == [0, 0, 1, 1, 0]
    assert rows.trusted.tolist() == [False, False, True, False, True]
    assert rows.learned.tolist() == [True] * 4 + [False]
    assert rows.doubtful.tolist() == [0, 1, 3]
