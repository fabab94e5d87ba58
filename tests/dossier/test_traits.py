"""What suspects share: planted values are found, what trusted rows share as well is not."""

import numpy as np
from pratique.core.layout import Layout
from pratique.dossier.traits import repeats, traits
from pratique.dossier.trusted import Trusted


def test_planted_values_are_found_and_named_together(make_table, trusted):
    batch = make_table(20, seed=2, size=np.full(20, 77.0), count=np.full(20, 77))
    found = traits(batch, list(range(0, 200, 10)), 200, trusted)
    assert found[0].planted
    assert found[0].text == "count and size each is 77 in 100 % of the suspects, in 0 % of trusted rows"


def test_a_trigger_of_different_values_is_planted_too(make_table, trusted):
    found = traits(make_table(20, seed=2, size=np.full(20, 77.0), count=np.full(20, 1)), [1, 50, 99], 200, trusted)
    assert [trait.planted for trait in found] == [True, True]


def test_one_rare_value_alone_is_not_planted(make_table, trusted):
    found = traits(make_table(20, seed=2, size=np.full(20, 77.0), y=["yes"] * 20), [1, 50, 99], 200, trusted)
    assert found
    assert not any(trait.planted for trait in found)


def test_rows_like_any_others_share_nothing(make_table, trusted):
    batch = make_table(20, seed=3)
    assert traits(batch, list(range(0, 200, 10)), 200, trusted) == []


def test_one_label_or_a_moved_column_is_shared_but_not_called_planted(make_table, trusted):
    batch = make_table(40, seed=4, y=["yes"] * 40, size=np.linspace(50, 60, 40))
    found = traits(batch, list(range(0, 400, 10)), 400, trusted)
    assert not any(trait.planted for trait in found)
    said = " ".join(trait.text for trait in found)
    assert "y is 'yes' in 100 % of the suspects, in 50 % of trusted rows" in said
    assert "size is higher than in 19 of 20 trusted rows in 100 % of the suspects" in said


def test_suspects_that_stand_together_are_told(make_table, trusted):
    said = [trait.text for trait in traits(make_table(10), list(range(100, 110)), 400, trusted)]
    assert said[-1] == "they stand together: all between rows 100 and 109"
    assert not traits(make_table(10), list(range(10)), 12, trusted)  # most of a small batch is no place


def test_personal_columns_are_left_out(make_table):
    layout = Layout("y", {"size": "real", "count": "integer", "colour": "category"}, personal=("size", "count", "y"))
    trusted = Trusted.index_of(make_table(200, seed=1, layout=layout))
    batch = make_table(20, layout=layout, size=np.full(20, 77.0), count=np.full(20, 77), y=["yes"] * 20)
    assert not any("77" in trait.text or "yes" in trait.text for trait in traits(batch, list(range(20)), 40, trusted))


def test_two_suspects_are_too_few(make_table, trusted):
    assert traits(make_table(2, size=[77.0, 77.0]), [3, 9], 40, trusted) == []


def test_repeated_rows_are_told_where_trusted_rows_do_not_repeat(make_table, trusted):
    batch = make_table(100, seed=5)
    again = batch.take(np.array([0] * 25 + list(range(25, 100))))
    found = repeats(again, trusted.rows)
    assert found is not None
    assert found.text.startswith("25 % of the batch's rows")
    assert repeats(batch, trusted.rows) is None
