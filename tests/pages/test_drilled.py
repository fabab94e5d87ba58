"""What the pages tell of the drill."""

import json

from pratique.core import paths
from pratique.pages.drilled import Drilled, read_drilled, tabulate_drill
from pratique.pages.queue_page import queue_page

METRICS = {
    "label_flip-5": {"rows_caught": 0.25},
    "label_flip-20": {"rows_caught": 1.0},
    "mean_shift-20": {"rows_caught": 0.125},
    "mean_shift-2.5": {"rows_caught": 0.125},
    "row_noise-10": {"accuracy_poisoned": 0.9},
}


def test_the_weakest_comes_first_and_rates_are_in_order():
    attacks = (("mean_shift", ("12.5 %", "", "12.5 %")), ("label_flip", ("", "25 %", "100 %")))
    assert tabulate_drill(METRICS, "here") == Drilled(("2.5", "5", "20"), attacks, 0.375)


def test_what_passed_no_gate_is_nothing_to_tell():
    assert tabulate_drill({"row_noise-10": {"accuracy_poisoned": 0.9}}, "here") is None


def test_the_queue_tells_it_where_it_was_drilled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_drilled() is None
    assert "What the gate would catch" not in queue_page([], {}, None)
    paths.DRILL.mkdir(parents=True)
    paths.DRILL_METRICS.write_text(json.dumps(METRICS), encoding="utf-8")
    page = queue_page([], {}, None)
    assert page.index("mean shift") < page.index("label flip")
    assert "2.5 % poisoned" in page
