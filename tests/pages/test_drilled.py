"""What the pages tell of the drill."""

import json

from pratique.core import paths
from pratique.pages.drilled import Drilled, DrillLine, MethodLine, read_drilled, tabulate_drill
from pratique.pages.queue_page import queue_page

METRICS = {
    "label_flip-5": {"rows_caught": 0.25},
    "label_flip-20": {"rows_caught": 1.0, "accuracy_with": 0.95, "damage_avoided": 0.02},
    "mean_shift-20": {"rows_caught": 0.125},
    "mean_shift-2.5": {"rows_caught": 0.125},
    "row_noise-10": {"accuracy_without": 0.9},
}
BACKDOOR = {
    "rows_caught": 1.0,
    "good_rows_lost": 0.05,
    "accuracy_without": 0.5,  # over all runs: those that pass no gate, too
    "accuracy_with": 0.9,
    "damage_avoided": -0.005,
    "damage_avoided_low": -0.02,
    "damage_avoided_high": 0.01,
    "success_with": 0.04,
    "success_avoided": 0.95,
}


def test_the_weakest_comes_first_and_rates_are_in_order():
    drilled = tabulate_drill(METRICS, "here")
    assert drilled == Drilled(
        (
            ("mean_shift", (DrillLine("2.5 %", "12.5 %", "", "", "", ""), DrillLine("20 %", "12.5 %", "", "", "", ""))),
            (
                "label_flip",
                (DrillLine("5 %", "25 %", "", "", "", ""), DrillLine("20 %", "100 %", "", "93 % → 95 %", "+2.0", "")),
            ),
        ),
        0.375,
    )
    assert not drilled.has_triggers


def test_without_and_with_the_gate_are_told_of_the_same_runs():
    drilled = tabulate_drill({"backdoor_trigger-5": BACKDOOR}, "here")
    ((_, (line,)),) = drilled.attacks
    assert line == DrillLine("5 %", "100 %", "5 %", "90.5 % → 90 %", "−0.5 (−2.0 to +1.0)", "99 % → 4 %")
    assert drilled.has_triggers


def test_a_method_of_training_is_told_beside_a_plain_one():
    compared = {"accuracy_plain_clean": 0.95, "method_gain_clean": -0.01, "accuracy_plain_without": 0.5}
    compared |= {"method_gain_without": 0.25, "accuracy_plain_with": 0.9, "method_gain_with": 0.02}
    ends = {"method_gain_with_low": -0.01, "method_gain_with_high": 0.05}
    drilled = tabulate_drill({"flip-5": BACKDOOR | compared | ends}, "here")
    gain = "+2.0 (−1.0 to +5.0)"
    assert drilled.methods == (MethodLine("flip", "5 %", "95 % → 94 %", "50 % → 75 %", "90 % → 92 %", gain),)
    nothing_passed = {name: value for name, value in compared.items() if not name.endswith("_with")}
    (line,) = tabulate_drill({"flip-5": BACKDOOR | nothing_passed}, "here").methods
    assert (line.gated, line.gain) == ("", "")


def test_a_control_comes_last_and_shows_what_the_gate_costs():
    control = {"good_rows_lost": 0.02, "accuracy_with": 0.94, "damage_avoided": -0.01}
    found = tabulate_drill({"control-0": control}, "here")
    assert found.mean is None
    assert found.attacks == (("control", (DrillLine("0 %", "", "2 %", "95 % → 94 %", "−1.0", ""),)),)
    both = tabulate_drill({"control-0": control, "label_flip-5": {"rows_caught": 0.5}}, "here")
    assert [attack for attack, _ in both.attacks] == ["label_flip", "control"]
    assert both.mean == 0.5


def test_what_passed_no_gate_is_nothing_to_tell():
    assert tabulate_drill({"row_noise-10": {"accuracy_without": 0.9}}, "here") is None


def test_the_queue_tells_it_where_it_was_drilled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_drilled() is None
    assert "What the gate would catch" not in queue_page([], {}, None, "")
    paths.DRILL.mkdir(parents=True)
    paths.DRILL_METRICS.write_text(json.dumps(METRICS), encoding="utf-8")
    page = queue_page([], {}, None, "")
    assert page.index("mean shift") < page.index("label flip")
    assert "93 % → 95 %" in page
    assert "Trigger works" not in page
    assert "What the method of training adds" not in page
