"""The ranking of suspects, what a card shows, and what it never shows."""

import numpy as np
from pratique.contract.tally import HIDDEN_MARK
from pratique.core.layout import Layout
from pratique.dossier.suspects import CARDS, LINES, NEIGHBOURS, PICTURED, SUSPECT_COLUMNS, rank
from pratique.dossier.trusted import Trusted


def test_the_most_suspicious_comes_first_and_ties_keep_the_order_of_the_file(make_table, trusted):
    scores = np.zeros(40)
    scores[[7, 3, 30]] = 2.0, 5.0, 2.0
    ranking = rank(make_table(40), {30: "c", 7: "b", 3: "a"}, scores, trusted)
    assert [(card.row, card.reason) for card in ranking.cards] == [(3, "a"), (7, "b"), (30, "c")]
    assert (ranking.lines, ranking.left_out) == ((), 0)


def test_what_does_not_fit_is_counted(make_table, trusted):
    rows = 1000
    ranking = rank(make_table(rows), dict.fromkeys(range(rows), "odd"), np.arange(rows) / rows, trusted)
    assert (len(ranking.cards), len(ranking.lines)) == (CARDS, LINES)
    assert ranking.left_out == rows - CARDS - LINES
    assert [card.row for card in ranking.cards] == list(range(999, 999 - CARDS, -1))


def test_a_flipped_label_is_contradicted_by_its_neighbours(make_table, trusted):
    labels = make_table(40).labels.copy()
    labels[4] = "yes"  # row 4 is small and blue
    ranking = rank(make_table(40, y=labels), {4: "labels", 5: "none"}, np.ones(40), trusted)
    flipped, honest = ranking.cards
    assert len(flipped.neighbours) == NEIGHBOURS
    assert flipped.votes == ("no", NEIGHBOURS)
    assert flipped.contradicted
    assert not honest.contradicted
    assert not honest.far


def test_an_outlier_is_far_and_the_column_that_makes_it_one_is_shown(make_table, trusted):
    sizes = make_table(40).numeric[:, 0].copy()
    sizes[8] = 400.0
    (card,) = rank(make_table(40, size=sizes), {8: "outliers"}, np.ones(40), trusted).cards
    assert card.far
    assert card.shown.cells[card.columns.index("size")] == "400"


def test_personal_cells_are_never_shown(make_table):
    layout = Layout("y", {"size": "real", "count": "integer", "colour": "category"}, personal=("size", "colour", "y"))
    trusted = Trusted.index_of(make_table(200, seed=1, layout=layout))
    (card,) = rank(make_table(40, layout=layout), {3: "odd"}, np.ones(40), trusted).cards
    for row in (card.shown, *card.neighbours):
        assert row.label == HIDDEN_MARK
        assert row.cells[card.columns.index("size")] == HIDDEN_MARK
        assert row.cells[card.columns.index("colour")] == HIDDEN_MARK
        assert row.cells[card.columns.index("count")] != HIDDEN_MARK
    assert not card.contradicted


def test_wide_tables_show_few_columns(digits):
    shuffled = digits.take(np.arange(300))
    trusted = Trusted.index_of(shuffled)
    pictured = rank(shuffled, dict.fromkeys(range(50), "odd"), np.ones(300), trusted)
    assert len(pictured.cards) == PICTURED
    assert all(card.shown.picture and not card.columns for card in pictured.cards)
    table = Trusted(trusted.rows, 300, trusted.encoder, trusted.index, trusted.typical, pictures=None)
    assert all(len(card.columns) == SUSPECT_COLUMNS for card in rank(shuffled, {1: "odd"}, np.ones(300), table).cards)


def test_missing_and_unreadable_cells_do_not_break_a_card(make_table, trusted):
    batch = make_table(40, size=["x"] * 40, colour=[None] * 40, y=[None] * 40)
    (card,) = rank(batch, {0: "schema"}, np.ones(40), trusted).cards
    assert "(empty)" in card.shown.cells
    assert card.shown.label == "(none)"


def test_a_row_is_named_by_its_id_where_no_column_is_personal(make_table, trusted):
    keys = [f"k{row}\x1b" for row in range(40)]
    ranking = rank(make_table(40, key=keys), dict.fromkeys(range(20), "odd"), np.ones(40), trusted, "key")
    assert [one.id for one in (*ranking.cards, *ranking.lines)] == [f"k{row}\\x1b" for row in range(20)]
    (missing,) = rank(make_table(40), {3: "odd"}, np.ones(40), trusted, "key").cards
    assert missing.id == ""
    layout = Layout("y", {"size": "real", "count": "integer", "colour": "category"}, personal=("colour",))
    (astray,) = rank(make_table(40, layout=layout, key=keys), {3: "odd"}, np.ones(40), trusted, "key").cards
    assert astray.id == ""
