from dataclasses import replace

import numpy as np
import pytest
from pratique.audits.stability import Stability


def measure(audited, **fields):
    return Stability(**fields).measure(audited, np.random.default_rng(0)).figures


def test_a_constant_model_never_flips(constant):
    assert {name: each.value for name, each in measure(constant).items()} == dict.fromkeys(
        ("flips", "flips[no]", "flips[yes]"), 0.0
    )


def test_a_threshold_flips_the_rows_that_are_nearer_than_the_change(world):
    """All columns up and all columns down are tried first, so of one threshold the share is exact."""
    reach = 0.1 * np.std(world.reference.numeric[:, 0])
    near = np.abs(world.holdout.numeric[:, 0]) < reach
    assert 0 < near.sum() < len(near)
    assert measure(world, epsilon=0.1, draws=2)["flips"].value == near.mean()


def test_more_draws_find_what_two_do_not(world, monkeypatch):
    """Of a model that compares two columns both move alike in the first two draws."""
    scale = world.reference.numeric.std(axis=0)

    def compare(self, batch):
        return np.subtract(*(batch.numeric / scale).T) > -1

    monkeypatch.setattr(type(world.model), "predict", compare)
    few, many = (measure(world, epsilon=0.5, draws=draws)["flips"].value for draws in (2, 30))
    assert few < many


def test_rows_without_a_number_are_not_measured(world):
    layout = replace(world.reference.layout, kinds={"sex": "category"})
    batches = {name: replace(getattr(world, name), layout=layout) for name in ("reference", "holdout")}
    found = Stability().measure(replace(world, **batches), np.random.default_rng(0))
    assert found.figures == {}
    assert found.reasons == ("No feature is a number, so nothing can move a little.",)


def test_whole_numbers_stay_whole(world, monkeypatch):
    seen = []
    monkeypatch.setattr(type(world.model), "predict", lambda self, batch: seen.append(batch) or batch.labels)
    measure(world, epsilon=1.0)
    moved = np.concatenate([batch.numeric[:, 1] for batch in seen])
    assert (moved == np.rint(moved)).all()
    assert (seen[1].numeric[:, 1] != seen[0].numeric[:, 1]).any()


def test_bounds_of_its_fields():
    with pytest.raises(ValueError, match="greater than 0"):
        Stability(epsilon=0)
