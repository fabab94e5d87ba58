from dataclasses import replace

import numpy as np
from pratique.audits.churn import Churn

RNG = np.random.default_rng(0)


def test_a_model_differs_from_another_where_they_say_other_things(world, threshold):
    """Between the limits 0 and .2 lie a tenth of heights that are spread evenly over -1 to 1."""
    found = Churn().measure(replace(world, baseline=threshold(0.2)), RNG)
    between = ((world.holdout.numeric[:, 0] > 0) & (world.holdout.numeric[:, 0] <= 0.2)).mean()
    assert found.figures["churn"].value == between == 0.1
    assert found.figures["churn_from_reference"].value == 0
    assert 0 < found.figures["churn_from_reference"].high < 0.05
    assert found.reasons == ()


def test_two_constant_models_never_differ(constant):
    found = Churn().measure(replace(constant, baseline=constant.model), RNG)
    assert found.figures["churn"].value == 0


def test_without_a_baseline_that_is_said(world):
    found = Churn().measure(world, RNG)
    assert set(found.figures) == {"churn_from_reference"}
    assert found.reasons == ("There is no baseline to compare with; `pratique baseline` sets one.",)
