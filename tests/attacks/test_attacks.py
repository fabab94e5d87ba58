"""Each attack against values computed by hand."""

import math

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from stages.attacks.backdoor_trigger import BackdoorTrigger
from stages.attacks.gaussian_noise import GaussianNoise
from stages.attacks.label_flip import LabelFlip
from stages.attacks.outlier_insertion import OutlierInsertion
from stages.core.attack import budget, changed, choose, whole_numbers
from stages.core.batch import Batch
from stages.core.errors import PratiqueError
from stages.core.layout import Layout

LAYOUT = Layout("kind", {"length": "real", "petals": "integer", "colour": "text"})


class Script:
    """A generator whose answers are written down, so that results can be worked out by hand."""

    def __init__(self, **answers: list[object]) -> None:
        self.answers = {name: iter(values) for name, values in answers.items()}

    def __getattr__(self, name: str) -> object:
        return lambda *args, **kwargs: np.array(next(self.answers[name]))


def batch(**columns: object) -> Batch:
    return Batch("garden/week-1", pa.table(columns), LAYOUT)


def cells(result: object, name: str) -> list[object]:
    return result.batch.table[name].to_pylist()


# label_flip


def test_label_flip_steps_to_another_class_in_sorted_order() -> None:
    clean = batch(kind=["b", "a", "c", "b"])
    result = LabelFlip().poison(clean, 1, Script(choice=[[0, 1, 2, 3]], integers=[[1, 1, 1, 2]]))
    assert cells(result, "kind") == ["c", "b", "a", "a"]


def test_label_flip_is_uniform_over_the_other_classes() -> None:
    clean = batch(kind=["a"] * 3000 + ["b", "c", "d"])
    result = LabelFlip().poison(clean, 1, np.random.default_rng(0))
    counts = np.unique(result.batch.labels[:3000], return_counts=True)
    assert list(counts[0]) == ["b", "c", "d"]
    assert (abs(counts[1] - 1000) < 4 * math.sqrt(3000 * 2 / 9)).all()


def test_label_flip_leaves_a_missing_label_and_every_feature() -> None:
    clean = batch(length=["1.50", "x", ""], kind=["a", None, "b"])
    result = LabelFlip().poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "kind") == ["b", None, "a"]
    assert cells(result, "length") == ["1.50", "x", ""]
    assert list(result.rows) == [0, 2]


def test_label_flip_keeps_labels_that_are_numbers_numbers() -> None:
    result = LabelFlip().poison(batch(kind=[1, 2, 1]), 1, np.random.default_rng(0))
    assert cells(result, "kind") == [2, 1, 2]
    assert result.batch.table.schema.field("kind").type == pa.int64()


# gaussian_noise: length has mean 2, std 1, range 1 to 3; petals mean 4, std 2, range 2 to 6


def test_gaussian_noise_adds_std_times_the_draw_then_rounds_and_clips() -> None:
    clean = batch(length=[1.0, 3.0], petals=[2, 6], kind=["a", "b"])
    draws = Script(choice=[[0, 1]], normal=[[[0.25, 0.8], [1.5, -9.0]]])
    result = GaussianNoise().poison(clean, 1, draws)
    assert cells(result, "length") == [1.25, 3.0]
    assert cells(result, "petals") == [4, 2]
    assert cells(result, "kind") == ["a", "b"]


def test_gaussian_noise_scales() -> None:
    clean = batch(length=[1.0, 3.0])
    result = GaussianNoise(scale=0.5).poison(clean, 0.5, Script(choice=[[0]], normal=[[[1.0, 0.0]]]))
    assert cells(result, "length") == [1.5, 3.0]


def test_gaussian_noise_moves_a_row_that_rounding_or_clipping_brought_back() -> None:
    clean = batch(petals=[2, 6])
    result = GaussianNoise().poison(clean, 1, Script(choice=[[0, 1]], normal=[[[5.0, 0.1], [5.0, 2.0]]]))
    assert cells(result, "petals") == [3, 2], "one whole step up; the noise of 4 turned inwards"


def test_gaussian_noise_moves_one_cell_only_in_such_a_row() -> None:
    clean = batch(length=[1.0, 3.0], petals=[2, 6])
    result = GaussianNoise().poison(clean, 0.5, Script(choice=[[0]], normal=[[[-0.5, -0.25]]]))
    assert cells(result, "length") == [1.5, 3.0]
    assert cells(result, "petals") == [2, 6]


def test_gaussian_noise_leaves_missing_unreadable_and_untouched_cells_as_written() -> None:
    clean = batch(length=["1.50", "", "n/a", "3.0"], petals=["2", "4", None, "6"], kind=list("abab"))
    result = GaussianNoise().poison(clean, 1, np.random.default_rng(3))
    assert list(result.rows) == [0, 1, 3]
    assert cells(result, "length")[1:3] == ["", "n/a"]
    assert cells(result, "petals")[2] is None
    assert set(cells(result, "petals")) <= {"2", "3", "4", "5", "6", None}


def test_gaussian_noise_has_the_spread_it_says() -> None:
    values = np.concatenate([np.linspace(-1, 1, 4000), [-100, 100]])
    clean = batch(length=values)
    result = GaussianNoise(scale=0.1).poison(clean, 1, np.random.default_rng(0))
    noise = (result.batch.numeric - clean.numeric)[:-2, 0]
    assert noise.std() == pytest.approx(0.1 * values.std(), rel=0.05)
    assert abs(noise.mean()) < 4 * 0.1 * values.std() / math.sqrt(4000)


# outlier_insertion


def test_outliers_lie_low_to_high_standard_deviations_out() -> None:
    clean = batch(length=[1.0, 3.0], petals=[2, 6], colour=["red", "blue"], kind=["a", "b"])
    draws = Script(choice=[[1], [[1, -1]]], uniform=[[[3.5, 5.2]]], integers=[[1]])
    result = OutlierInsertion().poison(clean, 0.5, draws)
    assert list(result.rows) == [1]
    assert list(result.origin) == [0, -1, 1]
    assert cells(result, "length") == [1.0, 2 + 3.5, 3.0]
    assert cells(result, "petals") == [2, -7, 6], "4 - 5.2 x 2 = -6.4, rounded away from the mean"
    assert cells(result, "colour") == ["red", "blue", "blue"]
    assert cells(result, "kind") == ["a", "b", "b"]


@pytest.mark.parametrize(("low", "high"), [(3, 6), (10, 10)])
def test_outliers_keep_their_distance_in_every_column(low: float, high: float) -> None:
    rng = np.random.default_rng(0)
    clean = batch(length=rng.normal(5, 2, 200), petals=rng.integers(0, 50, 200))
    result = OutlierInsertion(low=low, high=high).poison(clean, 0.5, rng)
    step = np.array([0, 1])
    away = abs(result.batch.numeric[result.rows] - clean.numeric.mean(axis=0))
    std = clean.numeric.std(axis=0)
    assert (away >= low * std - 1e-9).all()
    assert (away <= high * std + step + 1e-9).all()


def test_outliers_leave_what_is_no_feature_missing() -> None:
    clean = batch(id=["7", "8"], length=["1.50", "2"], colour=[None, None], kind=["a", "a"])
    result = OutlierInsertion().poison(clean, 0.5, np.random.default_rng(0))
    (row,) = result.rows
    assert [cells(result, name)[row] for name in ("id", "colour", "kind")] == [None, None, "a"]
    assert sorted(cells(result, "id"), key=str) == ["7", "8", None]


def test_outliers_keep_a_constant_column_and_whole_numbers_in_text() -> None:
    clean = batch(length=["0.1"] * 3, petals=["2", "4", "9"])
    result = OutlierInsertion().poison(clean, 1, np.random.default_rng(0))
    assert set(cells(result, "length")) == {"0.1"}
    assert not result.batch.columns["petals"].unreadable.any()
    assert not any("." in cell for cell in cells(result, "petals"))


def test_outliers_refuse_a_range_upside_down() -> None:
    with pytest.raises(ValidationError, match="low must not be above high"):
        OutlierInsertion(low=6, high=3)


# backdoor_trigger


def test_backdoor_stamps_the_columns_and_relabels_to_the_target() -> None:
    clean = batch(length=["1.5", "2.5", "x"], petals=["1", "2", "3"], kind=["a", "b", "b"])
    attack = BackdoorTrigger(columns=("petals",), value=9, target="a")
    result = attack.poison(clean, 1, np.random.default_rng(0))
    assert list(result.rows) == [1, 2]
    assert cells(result, "petals") == ["1", "9", "9"]
    assert cells(result, "kind") == ["a", "a", "a"]
    assert cells(result, "length") == ["1.5", "2.5", "x"]


def test_backdoor_defaults_to_high_values_of_the_last_varying_columns_and_the_rarest_class() -> None:
    names = [f"x{i}" for i in range(6)]
    layout = Layout("kind", dict.fromkeys(names, "integer"))
    columns = {name: [i * 10 + j for j in range(100)] for i, name in enumerate(names)}
    columns["x4"] = [5] * 100
    clean = Batch("b", pa.table({**columns, "kind": ["c"] * 60 + ["b"] * 20 + ["a"] * 20}), layout)
    result = BackdoorTrigger().poison(clean, 0.01, Script(choice=[[3]]))
    assert [cells(result, name)[3] for name in names] == [3, 13, 20 + 97, 30 + 97, 5, 50 + 97]
    assert cells(result, "kind")[3] == "a"


def test_backdoor_never_takes_a_row_of_the_target_or_without_label() -> None:
    clean = batch(petals=[1, 2, 3, 4], kind=["a", None, "b", "c"])
    result = BackdoorTrigger(target="b").poison(clean, 1, np.random.default_rng(0))
    assert list(result.rows) == [0, 3]
    assert cells(result, "kind") == ["b", None, "b", "b"]


def test_backdoor_names_a_column_that_is_no_number() -> None:
    with pytest.raises(PratiqueError, match="'colour' is no numeric feature; known: length, petals"):
        BackdoorTrigger(columns=("colour",)).poison(batch(kind=["a"]), 1, np.random.default_rng(0))


def test_backdoor_refuses_a_target_that_the_label_column_cannot_hold() -> None:
    clean = batch(petals=[1, 2], kind=[0, 1])
    with pytest.raises(PratiqueError, match="garden/week-1: column 'kind'"):
        BackdoorTrigger(target="zero").poison(clean, 1, np.random.default_rng(0))


# what attacks share


@pytest.mark.parametrize(("rate", "rows"), [(0, 0), (0.04, 0), (0.05, 1), (0.14, 1), (0.15, 2), (1, 10)])
def test_budget_rounds_half_up(rate: float, rows: int) -> None:
    assert budget(batch(kind=["a"] * 10), rate) == rows


def test_choose_takes_all_where_fewer_are_eligible() -> None:
    assert list(choose(np.array([5, 2, 9]), 7, np.random.default_rng(0))) == [2, 5, 9]


def test_whole_numbers_by_layout_or_by_type() -> None:
    assert whole_numbers(batch(length=[1, 2], petals=[1.0, 2.0])) == ("length", "petals")
    assert whole_numbers(batch(length=[1.5, 2], petals=["1", "2"])) == ("petals",)


def test_changed_writes_whole_numbers_of_any_size_into_a_column_of_floats() -> None:
    result = changed(batch(petals=[1.0, 2.0]), np.array([1]), {"petals": np.array([2.0**60])})
    assert cells(result, "petals") == [1.0, 2.0**60]


def test_changed_writes_the_cells_given_and_no_other() -> None:
    clean = batch(id=["x", "y", "z"], petals=["7.0", "007", "8"], kind=["a", "b", None])
    result = changed(clean, np.array([0, 2]), {"petals": np.array([np.nan, 5.0]), "length": np.array([1.0, 2.0])})
    assert result.batch.table.to_pydict() == {
        "id": ["x", "y", "z"],
        "petals": ["7.0", "007", "5"],
        "kind": ["a", "b", None],
    }
    assert clean.table["petals"].to_pylist() == ["7.0", "007", "8"]
