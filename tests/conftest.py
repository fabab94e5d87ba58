"""Fixtures for every test, and a ban on the network and on the user's home folder."""

import os
import shutil
import socket

os.environ["OMP_NUM_THREADS"] = "1"  # as the commands run; two workers of two threads each wait for each other

os.environ["MLFLOW_TRACKING_URI"] = ""  # nothing is tracked, whether MLflow is installed or not

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from pratique.contract.evidence import NO_EVIDENCE
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.checksums import CHECKSUMS, write_checksums
from pratique.core.hashing import sha256_file
from pratique.core.layout import Layout
from pratique.dossier.trusted import Trusted
from pratique.provenance.parts import (
    BatchFacts,
    BudgetRecord,
    CheckRecord,
    DecisionRecord,
    Digest,
    FileDescriptor,
    HoldRecord,
    ResourceDescriptor,
    RowCounts,
    ShareRecord,
    SourceRecord,
    SuspectRow,
    Tool,
)
from pratique.provenance.record import Record
from pratique.quarantine.recording import RESULT_OF_VERDICT

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=50)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items):
    """The longest files first, so that no worker ends the suite alone: the sample, then what else runs pipelines."""
    items.sort(key=lambda item: (item.path.name != "test_sample.py", "endtoend" not in item.path.parts))


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory, monkeypatch):
    def refuse(*_):
        raise RuntimeError("tests use no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def mixed_layout():
    return Layout("y", {"size": "real", "weight": "real", "age": "integer", "colour": "category", "shape": "category"})


@pytest.fixture(scope="session")
def mixed_batch(mixed_layout):
    """60 rows; every feature depends on the label, so that neighbours agree about it."""
    rng = np.random.default_rng(7)
    y = np.arange(60) % 2
    frame = pd.DataFrame(
        {
            "size": rng.normal(3.0 * y, 1.0).round(3),
            "weight": rng.normal(10.0 - 2.0 * y, 1.0).round(3),
            "age": rng.poisson(20 + 15 * y),
            "colour": np.where(rng.random(60) < 0.2 + 0.6 * y, "red", "blue"),
            "shape": rng.choice(["disc", "cube", "rod"], 60),
            "y": np.where(y == 1, "yes", "no"),
        }
    )
    return Batch.from_frame("fixtures/mixed", frame, mixed_layout)


CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium():
    """A real browser, that of the system; nothing is downloaded."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip("no Chromium on this machine: `apt-get install chromium`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium):
    """A browser's tab; what it asks of the network and what goes wrong in it is noted.

    A page that fails to load, a script that throws and a policy that is broken all end up in `complaints`.
    """
    context = chromium.new_context(viewport={"width": 1100, "height": 900})
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (page.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield page
    context.close()


def check(name="labels", alarm=False, **fields):
    quiet = {"id": name, "level": "rows", "success": not alarm, "observed": 0.5, "limit": 1.0, "unit": "nats a row"}
    quiet |= {"p_value": 0.4, "n_failed": 0, "evidence": NO_EVIDENCE}
    return CheckRecord(**quiet | fields)


@pytest.fixture
def alarm():
    """A check that alarms, or one changed from it."""
    return lambda name="labels", **fields: check(name, **{"alarm": True, "p_value": 1e-7} | fields)


def decided(action):
    reviewer, path = "Ann <ann@example.org>", "data/decisions/ann.json"
    return DecisionRecord(action=action, reviewer=reviewer, reason="seen", path=path, sha256="de" * 32)


WAITING = {
    "batch": "crowd/w01",
    "rows": 40,
    "columns": 3,
    "sha256": "ab" * 32,
    "verdict": "quarantine",
    "outcome": "quarantined",
    "p_value": 1e-6,
    "alarms": ("labels",),
    "fault": None,
    "checks": (check(alarm=True, p_value=1e-7), check("shift")),
    "suspects": {3: "labels: only 10 in 1,000 trusted rows have so unlikely a label"},
    "decision": "",
    "holds": (),
    "configuration": {},
    "poisoned": None,
    "adequacy": None,
}


@pytest.fixture
def make_record():
    """The record of a batch of 40 rows that waits for a decision, or one changed from it.

    Its parts go by short names: `suspects` are reasons by row (`suspect_count` counts those left out as well), `holds`
    are reasons, `decision` is what somebody did, `decisions` are whole ones, `poisoned` is a share and its ends.
    """

    def make(**fields):
        unknown = fields.keys() - WAITING.keys() - OTHER_PARTS
        assert not unknown, f"no part of a record: {unknown}"
        said = WAITING | fields
        batch, rows, suspects, adequacy = (said[name] for name in ("batch", "rows", "suspects", "adequacy"))
        source = said.get("source", batch.split("/")[0])
        file = said.get("file", f"data/incoming/{batch}.csv")
        held = said.get("held_rows", rows if said["outcome"] == "quarantined" else 0)
        return Record(
            file=file,
            sha256=said["sha256"],
            result=RESULT_OF_VERDICT[said["verdict"]],
            verdict=said["verdict"],
            p_value=said["p_value"],
            reason_codes=said["alarms"],
            fault=said["fault"],
            facts=BatchFacts(id=batch, source=source, rows=rows, columns=said["columns"]),
            source_entry=said.get("source_entry"),
            predecessor=said.get("predecessor"),
            configuration=tuple(ResourceDescriptor.of(name, sha) for name, sha in said["configuration"].items()),
            checks=said["checks"],
            outcome=said["outcome"],
            decisions=said.get("decisions", tuple(map(decided, filter(None, [said["decision"]])))),
            holds=tuple(HoldRecord(code="source", reason=reason) for reason in said["holds"]),
            poisoned_share=said["poisoned"] and ShareRecord(**dict(zip(SHARE, said["poisoned"], strict=True))),
            budget=adequacy and budget_of(adequacy),
            suspects=tuple(suspect(row, reason) for row, reason in suspects.items()),
            suspects_left_out=said.get("suspect_count", len(suspects)) - len(suspects),
            counts=RowCounts(accepted=rows - held, quarantined=held),
            outputs=said.get("outputs", (written(file, said["sha256"]),)),
            tool=Tool(version="0", seed=0),
            repeats=said.get("repeats"),
            standing=said.get("standing"),
            uncounted=said.get("uncounted", ()),
        )

    return make


SHARE = ("estimate", "lowest", "highest")
OTHER_PARTS = {
    *("source", "file", "suspect_count", "held_rows", "decisions", "source_entry", "predecessor", "outputs"),
    *("repeats", "standing", "uncounted"),
}


def written(path, sha256, media_type="application/vnd.apache.parquet"):
    return FileDescriptor(name=path, digest=Digest(sha256=sha256), media_type=media_type)


@pytest.fixture
def listed():
    """What an inventory says of a source."""
    return SourceRecord(origin="https://crowd.example/api", owner="data team", licence="CC BY 4.0", labels="one worker")


@pytest.fixture
def list_written():
    """List what lies in the current folder as what ingest, validate and evaluate wrote there."""

    def write_lists():
        of_run = (paths.RECORDS, paths.ACCEPTED, paths.QUARANTINE, paths.BATCHES_CSV, paths.ROWS_PARQUET)
        measured = (paths.METRICS_JSON, paths.TRIGGERS, paths.CONFUSION)
        for folder, places in ((paths.BATCHES, [paths.BATCHES]), (paths.RECORDS, of_run), (paths.CONFUSION, measured)):
            files = (path for place in places for path in (place, *place.rglob("*")) if path.is_file())
            write_checksums(folder, {path: sha256_file(path) for path in files if path.name != CHECKSUMS})

    return write_lists


@pytest.fixture
def records_listed(monkeypatch, list_written):
    """Whatever record a test writes is listed as one that validate wrote."""
    write = Record.write

    def write_and_list(record):
        place = write(record)
        list_written()
        return place

    monkeypatch.setattr(Record, "write", write_and_list)


def suspect(row, reason):
    return SuspectRow(row=row, check=reason.partition(":")[0], p_value=0.01, reason=reason)


def budget_of(adequacy):
    return BudgetRecord(
        per_1000_batches=adequacy.budget,
        achievable_per_1000=adequacy.achievable,
        trusted_rows=adequacy.trusted,
        needed_rows=adequacy.needed,
        warning=adequacy.warning,
    )


@pytest.fixture(scope="session")
def table_layout():
    return Layout("y", {"size": "real", "count": "integer", "colour": "category"}, personal=())


@pytest.fixture(scope="session")
def make_table(table_layout):
    """Rows in which `yes` is large and red, `no` small and blue."""

    def make(rows, seed=0, layout=table_layout, **columns):
        rng = np.random.default_rng(seed)
        y = np.arange(rows) % 2
        frame = pd.DataFrame(
            {
                "size": rng.normal(5.0 * y, 1.0).round(3),
                "count": rng.poisson(10 + 10 * y),
                "colour": np.where(y == 1, "red", "blue"),
                "y": np.where(y == 1, "yes", "no"),
            }
        )
        return Batch.from_frame("crowd/w01", frame.assign(**columns), layout)

    return make


@pytest.fixture(scope="session")
def trusted(make_table):
    return Trusted.index_of(make_table(200, seed=1))


@pytest.fixture(scope="session")
def digits():
    """Real pictures, with the layout of the sample of digits."""
    from pratique.scaffold.samples.digits import read_digits

    return read_digits()
