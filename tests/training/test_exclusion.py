"""Regions that no model learns from: by hand, and held to what a model of the other rows alone says."""

import numpy as np
import pandas as pd
import pytest
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.params import TrainParams
from pratique.training.exclusion import locate_regions, mark_region, select_learned
from pratique.training.models import learn
from pydantic import ValidationError

OLD, WOMEN = ("age > 80",), ("age >= 20", "sex == F")


@pytest.fixture(scope="module")
def people():
    frame = pd.DataFrame(
        {
            "age": [10.0, 20, 81, None, 80, 90] * 5,
            "sex": ["F", "F", "M", "F", "M", "F"] * 5,
            "y": ["no", "yes"] * 15,
        }
    )
    return Batch.from_frame("people", frame, Layout("y", {"age": "real", "sex": "category"}))


def test_all_conditions_hold_and_a_missing_cell_meets_none(people):
    assert np.flatnonzero(mark_region(people, OLD)[:6]).tolist() == [2, 5]
    assert np.flatnonzero(mark_region(people, WOMEN)[:6]).tolist() == [1, 5]


def test_a_row_belongs_to_the_first_region_that_has_it(people):
    assert locate_regions(people, (OLD, WOMEN))[:6].tolist() == [-1, 1, 0, -1, -1, 0]
    assert select_learned(people, (OLD, WOMEN))[:3].tolist() == [0, 3, 4]


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        ("weight > 3", "column 'weight' is no feature; known: age, sex"),
        ("y == yes", "column 'y' is no feature"),
        ("sex > F", "column 'sex' holds levels, for which only == is known"),
        ("age > old", "column 'age' holds numbers, 'old' is none"),
    ],
)
def test_what_is_not_there_is_refused(people, condition, complaint):
    with pytest.raises(PratiqueError, match=complaint):
        mark_region(people, (condition,))


@pytest.mark.parametrize("region", [(), ("age",), ("age => 3",), ("> 3",)])
def test_what_is_no_region_is_refused(region):
    with pytest.raises(ValidationError, match="such as 'age > 80'"):
        TrainParams(exclude=(region,))


@pytest.mark.parametrize("method", ["plain", "trimmed_loss"])
def test_the_model_is_one_of_the_other_rows_and_excluded_ones_count_nothing(people, method):
    told = {"model": "logistic_regression", "method": method}
    kept = select_learned(people, (OLD,))
    without, _ = learn(people.take(kept), TrainParams(**told), 0, trusted=people.take(kept))
    model, weights = learn(people, TrainParams(**told, exclude=(OLD,)), 0, trusted=people)
    assert model.to_bytes() == without.to_bytes()
    assert not weights[mark_region(people, OLD)].any()
    assert weights[kept].any()


def test_an_error_says_that_nothing_is_left(people):
    with pytest.raises(PratiqueError, match=r"0 label in 0 rows that train\.exclude leaves"):
        learn(people, TrainParams(exclude=(("age <= 100",), ("sex == F",))), 0)


def test_nothing_excluded_leaves_the_params_as_they_were():
    assert "exclude" not in TrainParams().model_dump(mode="json")
