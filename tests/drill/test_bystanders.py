"""Columns that are no features, carried into the drill's batches."""

import pandas as pd
import pytest
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.drill.bystanders import Bystanders

LAYOUT = Layout("y", {"a": "real"}, ignored=("note",))


def batch(rows, layout=LAYOUT, **columns):
    features = {"a": [0.5] * rows, "y": ["no", "yes"] * (rows // 2), "note": [""] * rows}
    return Batch.from_frame("b", pd.DataFrame(columns | features), layout)


def test_they_are_what_is_no_feature_no_label_and_not_ignored():
    reference = batch(4, key=["7", "8", "9", "K7"], at=[1.0, 2.0, 3.0, 4.0])
    assert Bystanders.of(reference).cells.to_pydict() == {"key": ["7", "8", "9", "K7"], "at": [1.0, 2.0, 3.0, 4.0]}


def test_a_batch_gets_them_row_by_row_from_the_first_on():
    bystanders = Bystanders.of(batch(4, key=[1, 2, 3, 4]))
    assert bystanders.join(batch(2)).table["key"].to_pylist() == [1, 2]


def test_no_id_comes_twice_in_a_batch():
    bystanders = Bystanders.of(batch(4, key=[1, 2, 3, 4]))
    assert bystanders.join(batch(4)).table["key"].to_pylist() == [1, 2, 3, 4]
    with pytest.raises(PratiqueError, match=r"has 6 rows, data/reference has 4 rows with ids .* lower drill.rows"):
        bystanders.join(batch(6))


def test_where_there_are_none_a_batch_may_have_any_number_of_rows():
    assert len(Bystanders.of(batch(2)).join(batch(6))) == 6
