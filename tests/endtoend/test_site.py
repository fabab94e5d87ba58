"""The site is built without a warning and shows the reports that are there; its first steps are the README's."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OUTSIDE = ("mkdocs.yml", "README.md", "CONTRIBUTING.md", "SECURITY.md")


def build(place):
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", place / "site"]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(words, cwd=place, env=env, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path):
    for name in ("docs", "stages", ".github"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in OUTSIDE:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.slow
def test_it_is_built_without_a_warning_with_the_reports_that_are_there(copy):
    reports = copy / "data" / "reports" / "batches" / "vendor"
    reports.mkdir(parents=True)
    (reports / "monday.html").write_text("<html><head><title>vendor/monday [x]</title></head></html>")
    done = build(copy)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    shown = (copy / "site" / "gallery.html").read_text()
    assert '<a href="reports/batches/vendor/monday.html">vendor/monday [x]</a>' in shown
    assert (copy / "site" / "reports" / "batches" / "vendor" / "monday.html").is_file()
    assert "per_1000_batches" in (copy / "site" / "api.html").read_text()


@pytest.mark.slow
def test_a_link_that_leads_nowhere_stops_it(copy):
    (copy / "docs" / "notify.md").write_text("# Being told\n\n[nowhere](nowhere.md)\n")
    done = build(copy)
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr


def test_the_first_steps_are_those_of_the_readme():
    readme, start = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/start.md"))
    steps = re.findall(r"```(?:sh|console)\n.*?```", start, re.S)
    assert len(steps) == 2
    for step in steps:
        assert step in readme
