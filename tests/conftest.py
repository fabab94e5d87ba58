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

from stages.core.batch import Batch
from stages.core.layout import Layout

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
