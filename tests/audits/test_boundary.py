from dataclasses import replace

import numpy as np
from pratique.audits.boundary import QUERIES, Boundary


def measure(audited, queries=100):
    return Boundary(queries=queries).measure(audited, np.random.default_rng(0))


def test_a_threshold_is_copied_soon(world):
    found = measure(world).figures["queries_to_copy"]
    assert found.value <= 50
    assert found.low <= found.value <= found.high


def test_answers_that_follow_nothing_are_not_copied(world, monkeypatch):
    monkeypatch.setattr(type(world.model), "predict", lambda self, batch: self.classes[batch.content % np.uint64(2)])
    found = measure(world)
    assert found.figures["queries_to_copy"].value == 100
    assert found.reasons == ("100 answers are the most that were tried.",)


def test_one_cell_moves_every_row_over_a_threshold_and_only_the_height_does(world):
    found = measure(world)
    assert {found.figures[f"one_cell[{label}]"].value for label in ("no", "yes")} == {1.0}
    assert [[line[0] for line in table.lines] for table in found.tables] == [["height"], ["height"]]
    assert found.tables[0].lines[0][1] == "100%"


def test_no_cell_moves_a_row_of_a_constant_model(constant):
    found = measure(constant)
    assert found.figures["one_cell[no]"].value == 0
    assert set(found.figures) == {"queries_to_copy", "one_cell[no]"}  # nothing is called yes
    assert found.figures["queries_to_copy"].value == QUERIES[0]


def test_a_level_moves_a_row_where_the_model_reads_it(world, monkeypatch):
    monkeypatch.setattr(
        type(world.model), "predict", lambda self, batch: self.classes[(batch.categorical[:, 0] == "M").astype(int)]
    )
    found = measure(replace(world))
    assert [table.lines for table in found.tables] == [(("sex", "100%", "1"),)] * 2
