"""Fixtures for every test, and a ban on the network and on the user's home folder."""

import os
import shutil
import socket

os.environ["OMP_NUM_THREADS"] = "1"  # as the commands run; two workers of two threads each wait for each other

os.environ["MLFLOW_TRACKING_URI"] = ""  # nothing is tracked, whether MLflow is installed or not

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from pratique.contract.evidence import NO_EVIDENCE
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.detector.hypotheses import describe
from pratique.dossier.trusted import Trusted
from pratique.results.facts import CheckFacts, Facts

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
    return Layout("y", {"size": "real", "weight": "real", "age": "integer", "colour": "text", "shape": "text"})


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


def check(name="labels", **fields):
    words = replace(describe(name), alarm=f"{name} look odd")
    quiet = CheckFacts(name, words, False, 0.5, 1.0, "nats a row", 0.4, (), NO_EVIDENCE, None)
    return replace(quiet, **fields)


@pytest.fixture
def alarm():
    """A check that alarms, or one changed from it."""
    return lambda name="labels", **fields: check(name, **{"alarm": True, "p_value": 1e-7} | fields)


@pytest.fixture
def make_facts():
    """A batch of 40 rows that waits for a decision, or one changed from it."""

    def make(**fields):
        waits = Facts(
            batch="crowd/w01",
            source="crowd",
            file="data/incoming/crowd/w01.csv",
            sha256="ab" * 32,
            rows=40,
            columns=3,
            verdict="quarantine",
            outcome="quarantined",
            decision="",
            p_value=1e-6,
            alarms=("labels",),
            fault=None,
            checks=(check(alarm=True, p_value=1e-7), check("shift")),
            suspects={3: "labels: 0.01 of trusted rows are as odd"},
            suspect_count=1,
            held_rows=40,
        )
        return replace(waits, **fields)

    return make


@pytest.fixture(scope="session")
def table_layout():
    return Layout("y", {"size": "real", "count": "integer", "colour": "text"}, personal=())


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
    """Real pictures, with the layout of the sample."""
    from pratique.scaffold.sample import _digits

    return _digits()
