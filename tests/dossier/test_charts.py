"""The small charts: which columns, and the numbers behind the drawings."""

import numpy as np
from pratique.contract.evidence import ColumnEvidence, Evidence, RowEvidence
from pratique.core.layout import Layout
from pratique.dossier.charts import BINS, CHARTS, HEIGHT, LEVELS, charts, failing


def named(*columns):
    """Evidence about columns that stand out."""
    return Evidence(columns=tuple(ColumnEvidence((column,), {}) for column in columns))


def test_columns_come_from_the_evidence_of_alarms(make_record, alarm):
    still = ColumnEvidence(("count",), {}, stands_out=False)
    shift = alarm("shift", evidence=Evidence(columns=(*named("size").columns, still)))
    rules = alarm("schema", evidence=Evidence(columns=(ColumnEvidence(("colour", "size"), {}),)))
    often = [RowEvidence((row,), {}, ("count", "size")) for row in range(4)]
    rows = alarm("outliers", evidence=Evidence(rows=(*often, RowEvidence((9,), {}, ("colour",)))))
    quiet = alarm("rest", alarm=False, evidence=named("unseen"))
    assert failing(make_record(checks=(shift,))) == ["size"]
    assert failing(make_record(checks=(rules, quiet))) == ["colour", "size"]
    assert failing(make_record(checks=(rows,))) == ["count", "size"]
    assert failing(make_record(checks=(rules, shift)))[0] == "size"


def test_histograms_are_shares_on_one_scale(make_record, make_table, trusted, alarm):
    facts = make_record(checks=(alarm(evidence=named("count")),))
    ((chart,), left_out) = charts(facts, make_table(40, count=[3] * 40), trusted.rows)
    assert (chart.column, left_out) == ("count", 0)
    assert "V0H" in chart.batch  # all of the batch in one bar: the tallest, so at the top
    assert "V0H" not in chart.trusted
    assert chart.note.endswith("3 in the batch, which is lower")
    assert chart.batch.startswith(f"M0 {HEIGHT}V")


def test_few_whole_numbers_get_a_bar_each(make_record, make_table, trusted, alarm):
    facts = make_record(checks=(alarm(evidence=named("count", "size")),))
    rows = make_table(40, count=np.arange(40) % 5 + 8)
    (count, size), _ = charts(facts, rows, make_table(40, count=np.arange(40) % 5 + 8))
    assert (count.low, count.high) == ("8", "12")
    assert count.batch.count("H") == 5
    assert size.batch.count("H") == BINS


def test_levels_are_the_ones_that_moved_the_most(make_record, make_table, trusted, alarm):
    facts = make_record(checks=(alarm(evidence=named("colour")),))
    colours = [f"shade {i}" for i in range(10)] * 4
    ((chart,), _) = charts(facts, make_table(40, colour=colours), trusted.rows)
    assert [bar.name for bar in chart.levels[:2]] == ["blue", "red"]
    assert (chart.levels[0].trusted, chart.levels[0].batch) == (0.5, 0.0)
    assert len(chart.levels) == LEVELS
    assert chart.note == "6 more levels moved less"


def test_hostile_columns_are_drawn_or_told(make_record, make_table, trusted, alarm):
    facts = make_record(checks=(alarm(evidence=named("size", "count")),))
    rows = make_table(40, size=["x"] * 40, count=[1e308] * 39 + [None])
    (size, count), _ = charts(facts, rows, trusted.rows)
    assert size.note == "no readable number on one side"
    assert count.note


def test_personal_and_unknown_columns_are_not_drawn_and_many_are_capped(
    make_record, make_table, trusted, alarm, digits
):
    layout = Layout("y", {"size": "real", "count": "integer", "colour": "category"}, personal=("size",))
    listed = alarm(evidence=named("size", "<script>", "y"))
    drawn, _ = charts(make_record(checks=(listed,)), make_table(40, layout=layout), trusted.rows)
    assert [chart.column for chart in drawn] == ["y"]
    many = alarm(evidence=named(*digits.layout.kinds))
    drawn, left_out = charts(make_record(checks=(many,)), digits, digits)
    assert (len(drawn), left_out) == (CHARTS, 64 - CHARTS)
