"""What is said of rows and models: what the manifest tells, and nothing that it does not."""

from dataclasses import replace

import pytest
from pratique.core import paths
from pratique.core.writing import write_text
from pratique.lineage.trace import recall_lines, trace_lines
from pratique.training.manifest import MANIFEST, read_manifest

UNKNOWN = "whether it reached the model is unknown: "


@pytest.fixture(autouse=True)
def told(run, monkeypatch):
    monkeypatch.setattr("pratique.lineage.trace.read_held", lambda record: {})
    write_text(paths.PARAMS, "data: {label: y}\nchecks: {labels: {}}\n")
    return run


@pytest.mark.parametrize("what", ["crowd/w01:0", "crowd/w01", "web/w01"])
def test_without_a_manifest_nobody_knows(what):
    MANIFEST.unlink()
    said = trace_lines(what)
    assert said[-1] == f"{UNKNOWN}data/model/manifest.json is not here; `pratique train` (or `dvc repro`) writes it"
    assert recall_lines("crowd")[-1].startswith(
        "Whether the model here learned from it is unknown: data/model/manifest.json"
    )


def test_a_model_that_was_trained_since_is_not_that_of_the_manifest():
    write_text(paths.MODEL_FILE, "another")
    assert trace_lines("crowd/w01")[-1] == f"{UNKNOWN}data/model/model.skops is not the model of its manifest"


def test_a_manifest_tells_what_reached_the_model():
    assert trace_lines("crowd/w01:0")[-1].startswith("reached the model: random_forest, sha256 ")
    assert trace_lines("web/w01")[-1] == "did not reach the model"
    assert "No model here learned from it." in recall_lines("web")


def test_of_a_row_nothing_is_known_once_other_rows_of_its_batch_are_accepted():
    known = read_manifest()
    replace(known, batches=tuple(replace(each, sha256="0" * 64) for each in known.batches)).save()
    assert trace_lines("crowd/w01:0")[-1] == f"{UNKNOWN}it learned from other rows of the batch than are accepted now"
    assert trace_lines("crowd/w01")[-1].startswith("reached the model: ")
