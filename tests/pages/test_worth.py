"""The picture of what the gate was worth says what the metrics say."""

import json

import pytest
from pratique.contract.trigger import Trigger
from pratique.core import paths
from pratique.core.params import TrainParams
from pratique.pages.queue_page import queue_page
from pratique.pages.worth import LEFT, RIGHT, read_worth
from pratique.results.triggers import FoundTrigger, write_triggers


def figures(**values):
    return {f"{name}{end}": value + d for name, value in values.items() for end, d in ENDS.items()}


ENDS = {"": 0, "_low": -0.02, "_high": 0.03}
METRICS = {
    "accepted": figures(accuracy=0.9, trigger_success=0.05),
    "everything": figures(accuracy=0.8, trigger_success=0.97),
    "reference": figures(accuracy=0.89, trigger_success=0.04),
    "gate": figures(accuracy=0.1, trigger_success=-0.92),
    "new_data": figures(accuracy=0.01, trigger_success=0.01),
}


@pytest.fixture
def worth(tmp_path, monkeypatch, list_written):
    monkeypatch.chdir(tmp_path)
    assert read_worth(TrainParams()) is None
    paths.REPORTS.mkdir(parents=True)
    paths.METRICS_JSON.write_text(json.dumps(METRICS), encoding="utf-8")
    write_triggers([FoundTrigger(Trigger({"<b>": 4.2, "colour": "=cmd"}, "ham"), ("a/b", "a/c"))])
    list_written()
    return read_worth(TrainParams())


def test_sentences_say_what_is_sure_and_what_is_not(worth):
    assert worth.sentences == (
        "The gate was worth +10.0 points of accuracy (+8.0 to +13.0).",
        "The new data were worth +1.0 points of accuracy (−1.0 to +4.0), which is within chance.",
        "Triggers found in quarantined batches work 97 times of 100 without the gate, 5 times of 100 with it.",
    )


def test_dots_lie_on_their_axis_in_order(worth):
    accuracy, success = worth.panels
    for panel in worth.panels:
        for dot in panel.dots:
            assert LEFT <= float(dot.low) < float(dot.x) < float(dot.high) <= RIGHT
    with_gate, without, alone = (float(dot.x) for dot in accuracy.dots)
    assert without < alone < with_gate
    assert [dot.text for dot in success.dots][1] == "97 % (95 to 100 %)"


def test_the_page_escapes_what_a_trigger_writes(worth):
    page = queue_page([], {}, worth, "")
    assert "&lt;b&gt; = 4.2" in page
    assert "under the label ham (in a/b and a/c)" in page
    assert "learned from accepted rows alone" not in page
    assert "learned from accepted rows alone" in queue_page([], {}, read_worth(TrainParams(rows="accepted")), "")


def test_what_is_certified_is_a_sentence_and_a_picture(worth, list_written):
    certified = {
        f"certified_{r}{end}": share + d for r, share in enumerate((0.9, 0.8, 0.2, 0.0)) for end, d in ENDS.items()
    }
    sections = METRICS | {"certified_sources": {"partitions": 6} | certified}
    paths.METRICS_JSON.write_text(json.dumps(sections), encoding="utf-8")
    list_written()
    found = read_worth(TrainParams())
    assert found.sentences[-1] == (
        "Whatever any 1 source holds, a vote of models is right on at least 80 % of the holdout (of 90 %)."
    )
    assert [dot.name for dot in found.panels[-1].dots] == ["0 sources", "1 source", "2 sources"]
    assert "Right on the holdout, whatever these hold" in queue_page([], {}, found, "")


def test_a_method_of_training_is_named_with_what_it_left_out(worth, list_written):
    sections = METRICS | {"weights": {"rows": 900, "rows_of_little_weight": 41}}
    paths.METRICS_JSON.write_text(json.dumps(sections), encoding="utf-8")
    list_written()
    said = read_worth(TrainParams(method="small_loss")).sentences[-1]
    assert said == "All three models were trained by small_loss; 41 of 900 accepted rows counted for less than half."
