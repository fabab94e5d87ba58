"""A made-up series: a model that is right on old rows and less and less on newer ones."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pratique.audits.decay import Decay, _join_batches
from pratique.core.batch import Batch
from pratique.core.requirement import Requirement


@pytest.fixture
def series(world):
    """1,000 rows in order; of each hundred 0, 2, 4 … 18 are called wrongly by the threshold at 0."""

    def make(step, shuffle=False):
        wrong = np.concatenate([np.arange(100) < step * window for window in range(10)])
        frame = pd.DataFrame({"height": 1.0, "count": 1, "sex": "F", "y": np.where(wrong, "no", "yes")})
        layout = replace(world.holdout.layout, ordered=not shuffle, time="taken" if shuffle else None)
        if shuffle:
            frame = frame.assign(taken=np.arange(1000)).sample(frac=1, random_state=0)
        return replace(world, holdout=Batch.from_frame("holdout", frame, layout))

    return make


def measure(audited, **requirements):
    required = {name: Requirement(**bounds) for name, bounds in requirements.items()}
    return Decay().measure(replace(audited, requirements=required), np.random.default_rng(0))


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_trend_and_when_the_requirement_will_be_broken(series, shuffle):
    """Two points are lost from window to window; from .82 it takes one window to fall below .8."""
    found = measure(series(2, shuffle), accuracy={"min": 0.78})
    decay = found.figures["decay"]
    assert decay.low < 0.02 < decay.high
    assert decay.value == pytest.approx(0.02, abs=0.003)
    assert decay.low > 0
    assert found.figures["newest_accuracy"].value == 0.82
    assert found.reasons[0].endswith("in about 2 windows it is below what is required, 0.78.")
    assert [line[2] for line in found.tables[0].lines[:3]] == ["1.000", "0.980", "0.960"]


def test_what_is_broken_already_is_said(series):
    assert measure(series(2), accuracy={"min": 0.9}).reasons[0].endswith("is below what is required, 0.9.")
    assert measure(series(2)).reasons[0].endswith("points from window to window.")


def test_no_trend(series):
    found = measure(series(0), accuracy={"min": 0.9})
    assert found.figures["decay"].within_chance
    assert found.reasons == ("No trend is shown: what was lost or gained from window to window is within chance.",)


def test_promoted_batches_give_the_order(world):
    """The newest batch says `no` to the tall, and no other row teaches that: a model of the others misses it."""
    frame = world.reference.frame.assign(y=["no"] * 60 + world.reference.labels.tolist()[60:])
    frame.loc[:59, "height"] = 0.9
    told = []
    audited = replace(
        world,
        reference=Batch.from_frame("reference", frame, world.reference.layout),
        promoted=(np.arange(140, 200), np.arange(80, 140), np.arange(60)),
        train=lambda rows: told.append(len(rows)) or world.model,
    )
    found = measure(audited)
    assert told == [190, 190, 190]  # 200 trusted rows and 50 accepted ones, but for the 60 of the window
    assert [line[2] for line in found.tables[0].lines] == ["1.000", "1.000", "0.000"]
    assert found.figures["newest_accuracy"].value == 0
    assert found.reasons[1].startswith("A window is one promoted batch or more")
    assert measure(replace(audited, promoted=(np.arange(60),))).reasons == (
        "The promoted batches have 60 rows, too few for two windows.",
    )


def test_small_batches_share_a_window():
    batches = [np.arange(30), np.arange(30), np.arange(60), np.arange(10)]
    assert [len(each) for each in _join_batches(batches, 10, 50)] == [60, 70]
    assert [len(each) for each in _join_batches([np.arange(10)] * 10, 2, 10)] == [50, 50]


def test_rows_without_an_order_or_too_few_are_not_measured(world, series):
    assert "data.time" in measure(world).reasons[0]
    few = series(2)
    few = replace(few, holdout=few.holdout.take(np.arange(90)))
    assert measure(few).reasons == ("The holdout has 90 rows, too few for two windows.",)
