"""Figures by hand: 10 rows of F, of which 4 get the good label, and 20 of M, of which 16 do."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pratique.audits.fairness import Fairness
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError

SEX = {"columns": {"sex": {"group": "F", "against": "M"}}, "favourable": "yes"}
RNG = np.random.default_rng(0)


@pytest.fixture
def groups(world):
    """The threshold says `yes` to 4 of 10 and to 16 of 20; 5 of F deserve it and 4 get it, 10 of M and all do."""
    frame = pd.DataFrame(
        {
            "height": np.where([*[1] * 4, *[0] * 6, *[1] * 16, *[0] * 4], 1.0, -1.0),
            "count": 1,
            "sex": ["F"] * 10 + ["M"] * 20,
            "y": np.where([*[1] * 5, *[0] * 5, *[1] * 10, *[0] * 10], "yes", "no"),
        }
    )
    return replace(world, holdout=Batch.from_frame("holdout", frame, world.holdout.layout))


def test_the_figures_equal_a_hand_computation(groups):
    found = Fairness(**SEX).measure(groups, RNG)
    got = {name: round(each.value, 12) for name, each in found.figures.items()}
    assert got == {"zemel_gap[sex]": 0.4, "disparate_impact[sex]": 0.5, "opportunity_gap[sex]": 0.2}
    assert all(each.low < each.value < each.high for each in found.figures.values())
    assert found.reasons == ("sex: 'F' beside 'M', 10 rows and 20 rows of the holdout.",)


def test_other_models_stand_apart(groups, threshold):
    other = replace(groups, train_peer=lambda name: threshold(-2.0 if name == "reference" else 2.0))
    found = Fairness(**SEX).measure(other, RNG)
    assert found.others["reference"]["disparate_impact[sex]"].value == 1
    assert "disparate_impact[sex]" not in found.others["everything"]  # nobody gets the good label


def test_a_model_that_gives_nobody_the_good_label_has_no_ratio(constant, groups):
    found = Fairness(**SEX).measure(replace(groups, model=constant.model), RNG)
    assert found.figures["zemel_gap[sex]"].value == 0
    assert "disparate_impact[sex]" not in found.figures
    assert found.reasons[-1].endswith("is not compared.")


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"columns": {"sx": SEX["columns"]["sex"]}}, "column 'sx': no feature of levels; known: sex"),
        ({"columns": {"sex": {"group": "f", "against": "M"}}}, "no row has the level 'f'; name one that rows have"),
        ({"favourable": "YES"}, "favourable: no trusted row has this label"),
    ],
)
def test_a_typing_mistake_is_an_error(groups, told, message):
    with pytest.raises(PratiqueError, match=message):
        Fairness(**SEX | told).measure(groups, RNG)


def test_columns_take_a_good_label_and_none_named_are_none_measured(groups):
    with pytest.raises(ValueError, match="no favourable label"):
        Fairness(columns=SEX["columns"])
    assert Fairness().measure(groups, RNG).reasons == ("No column is named, so no groups are compared.",)
