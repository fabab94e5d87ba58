"""What may not come with what, said as what it is."""

from pathlib import Path

import pytest
from pratique.core import paths
from pratique.gate.changes import Change, Refusal
from pratique.gate.incoming import Held, Incoming, Origin
from pratique.gate.objects import ObjectStore
from pratique.gate.removals import Removal
from pratique.provenance.tree import Entry, Tree

BATCH, LABELS = Path("data/incoming/east/w01.csv"), Path("data/labels/east/w01.csv")


@pytest.fixture
def tree():
    return Tree("a" * 40, Path(), {"params.yaml": Entry("100644", "p")})


@pytest.fixture
def bring(tree):
    """A change from one state of the incoming batches to another."""

    def make(before, after, touched):
        store = ObjectStore(tree, tree)
        both = [Incoming(tree, store, (paths.INCOMING, paths.LABELS), files) for files in (before, after)]
        return Change(tree, tree, tree, *both, store, touched, ())

    return make


def held(rows="r", labels="l"):
    return {BATCH: Held(BATCH, {BATCH: Origin(str(BATCH), rows)}, labels and Origin(str(LABELS), labels))}


def test_a_policy_beside_results_of_a_run_is_not_said_to_be_beside_data(bring):
    (with_results,) = bring({}, {}, ("params.yaml",)).refusals(())
    assert with_results.reason == "comes together with results of a run"
    assert with_results.remedy.startswith("split the change: params.yaml first; after its merge `dvc repro`")
    assert bring({}, held(), ("params.yaml", str(BATCH))).refusals(()) == [
        Refusal("params.yaml", "comes together with data", "split the change: params.yaml apart from the data")
    ]


def test_an_accepted_batch_that_loses_its_labels_is_given_back_by_a_command_that_works():
    restore = f"git checkout {'a' * 12} -- {LABELS}"
    removal = Removal("east/w01", LABELS, "replaces the labels of", restore, "accepted", None)
    assert removal.text == f"{LABELS}: replaces the labels of east/w01, which was accepted"
    assert removal.refusal.remedy == f"{restore}; or a reviewer first: pratique review reject east/w01"


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({}, held(), BATCH),
        (held(), {}, BATCH),
        (held(), held(rows="other"), BATCH),
        (held(), held(rows="other", labels="other"), BATCH),
        (held(), held(), BATCH),
        (held(), held(labels="other"), LABELS),
        (held(labels=None), held(), LABELS),
        (held(), held(labels=None), LABELS),
    ],
)
def test_what_of_a_batch_changed_is_its_rows_or_its_labels_alone(bring, before, after, changed):
    assert bring(before, after, ()).find_changed(BATCH) == changed
