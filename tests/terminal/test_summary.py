"""The screen at the end of a run: it names no page that is not there."""

import io

import pytest
from pratique.core import paths
from pratique.core.writing import write_text
from pratique.terminal.summary import summary
from rich.console import Console


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_pages_are_named_once_they_are_there(make_record):
    def show():
        console = Console(width=200, record=True, file=io.StringIO())
        console.print(summary([make_record()], []))
        return console.export_text()

    assert "Pages to decide on: none yet, `pratique report` writes them;" in show()
    write_text(paths.INDEX, "")
    assert "Pages to decide on: data/reports/index.html;" in show()
