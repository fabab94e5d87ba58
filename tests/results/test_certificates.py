"""Certificates: votes by hand, against the worst that may be done to them, and models that are trained again."""

import numpy as np
import pytest
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.params import Params, TrainParams
from pratique.core.writing import write_json
from pratique.results.certificates import (
    NO_VOTE,
    Certificates,
    certify,
    choose_partition,
    count_votes,
    read_certificates,
)

PARTITIONS = 5


@pytest.mark.parametrize(
    ("votes", "first", "radius"),
    [
        ([0, 0, 0, 0, 0], 0, 2),
        ([1, 1, 1, 1, 1], 1, 2),  # a tie goes to class 0, so that 5 - 1 votes are shared
        ([1, 1, 1, 1], 1, 1),
        ([0, 0, 0, 0], 0, 2),  # after two turn it is a tie, which class 0 wins
        ([0, 1, 1, 0], 0, 0),
        ([2, 2, 2, 1, 0, 2, 2], 2, 1),
        ([NO_VOTE] * 3, 0, 0),
        ([NO_VOTE, 0, 0], 0, 1),
    ],
)
def test_votes_by_hand(votes, first, radius):
    said, found = count_votes(np.array(votes)[:, None], 3)
    assert (said.tolist(), found.tolist()) == ([first], [radius])


@pytest.mark.parametrize("classes", [2, 3])
def test_no_prediction_turns_within_its_radius_and_each_may_beyond_it(classes):
    """The worst replacement of r votes takes them from the first class and gives them to one rival."""
    rng = np.random.default_rng(0)
    votes = rng.choice(np.arange(NO_VOTE, classes), (9, 100_000), p=[0.1, 0.6, *[0.3 / (classes - 1)] * (classes - 1)])
    said, radius = count_votes(votes, classes)
    turned = np.zeros(len(said), bool)
    for beyond in (0, 1):
        for rival in range(classes):
            mine = votes == said
            replaced = mine & (mine.cumsum(axis=0) <= radius + beyond)
            after, _ = count_votes(np.where(replaced, rival, votes), classes)
            turned |= (after != said) & (rival != said)
        assert turned.any() == bool(beyond)
    assert turned[said >= 0].mean() > 0.99


def test_no_random_replacement_turns_a_prediction_within_its_radius():
    rng = np.random.default_rng(1)
    votes = rng.integers(NO_VOTE, 3, (7, 100_000))
    said, radius = count_votes(votes, 3)
    places = rng.permuted(np.tile(np.arange(7)[:, None], (1, votes.shape[1])), axis=0)
    changed = np.where(places < radius, rng.integers(NO_VOTE, 3, votes.shape), votes)
    np.testing.assert_array_equal(count_votes(changed, 3)[0], said)


@pytest.fixture
def accepted(tmp_path, monkeypatch, make_table, list_written):
    """Write accepted batches of several sources."""
    monkeypatch.chdir(tmp_path)

    def write(source, batch):
        path = paths.ACCEPTED / f"{source}/w01.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        batch.frame.to_parquet(path, index=False)
        list_written()

    for number in range(12):
        write(f"source{number}", make_table(20, seed=number))
    return write


def params(unit):
    train = TrainParams(model="logistic_regression")
    evaluate = {"certificates": unit, "partitions": PARTITIONS}
    return Params(data={"label": "y"}, checks={}, evaluate=evaluate, train=train)


@pytest.mark.parametrize("unit", ["source", "batch"])
def test_no_replaced_source_turns_what_is_certified(accepted, make_table, unit):
    reference, holdout = make_table(20, seed=50), make_table(60, seed=51, size=np.linspace(-2, 7, 60))
    found = certify(params(unit), unit, reference, holdout)
    assert (found.partitions, found.radius.max()) == (PARTITIONS, 2)
    assert found.estimate_certified(0).value == found.right.mean()
    sure = found.radius >= 1
    for number in range(4):
        honest = make_table(20, seed=number)
        flipped = np.where(honest.labels == "yes", "no", "yes")
        poison = Batch.from_frame("x", honest.frame.assign(y=flipped, size=honest.numeric[:, 0] * 9), honest.layout)
        accepted(f"source{number}", poison)
        after = certify(params(unit), unit, reference, holdout)
        np.testing.assert_array_equal(after.predicted[sure], found.predicted[sure])
        accepted(f"source{number}", honest)


def test_a_source_votes_in_one_partition_whatever_its_batches_are_called():
    assert {choose_partition("source1", PARTITIONS) for _ in range(3)} == {choose_partition("source1", PARTITIONS)}
    assert {choose_partition(f"source{number}", PARTITIONS) for number in range(40)} == set(range(PARTITIONS))


def test_certified_accuracy_is_read_back(tmp_path, monkeypatch, list_written):
    monkeypatch.chdir(tmp_path)
    right = np.array([True, True, True, False])
    found = Certificates(np.array(["a"] * 4), np.array([0, 1, 2, 2]), right, 5, "source")
    assert [found.estimate_certified(replaced).value for replaced in range(3)] == [0.75, 0.5, 0.25]
    write_json(paths.METRICS_JSON, found.to_measures())
    list_written()
    said = read_certificates()["source"]
    assert [each.value for each in said.values()] == [0.75, 0.5, 0.25]
    assert (said[1].low, said[1].high) == pytest.approx((0.150036, 0.849964), abs=1e-5)
