"""A made-up series: a model that is right on old rows and less and less on newer ones."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pratique.audits.decay import Decay
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


def test_rows_without_an_order_or_too_few_are_not_measured(world, series):
    assert "data.time" in measure(world).reasons[0]
    few = series(2)
    few = replace(few, holdout=few.holdout.take(np.arange(90)))
    assert measure(few).reasons == ("The holdout has 90 rows, too few for two windows.",)
