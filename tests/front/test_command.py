"""The command's own options, without a pipeline."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from pratique.cli import app
from pratique.core.budget import NotExamined
from pratique.core.version import __version__
from pratique.quarantine import adhoc
from pratique.terminal import explain
from typer.testing import CliRunner


def test_the_version_is_printed_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"pratique {__version__}\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete_the_commands(shell, monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    done = CliRunner().invoke(app, ["--show-completion", shell], prog_name="pratique")
    assert done.exit_code == 0
    assert "_PRATIQUE_COMPLETE" in done.output


@pytest.mark.parametrize("words", [["vendor/w1:7"], ["vendor/w1", "7"]])
def test_a_row_is_named_with_its_batch_or_beside_it(words, tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text("checks: {}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(explain, "explain_row", lambda batch, row: f"{batch}, row {row}")
    assert CliRunner().invoke(app, ["explain", *words]).output == "vendor/w1, row 7\n"


@pytest.mark.parametrize(
    ("verdict", "words", "code"),
    [
        ("accept", ["--strict"], 0),
        ("partial", [], 0),
        ("partial", ["--strict"], 1),
        ("quarantine", [], 1),
        ("quarantine", ["--strict"], 1),
    ],
)
def test_strict_lets_no_held_row_pass(verdict, words, code, tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text("data: {label: y}\nchecks: {}\n")
    monkeypatch.chdir(tmp_path)
    judged = SimpleNamespace(said=verdict)
    monkeypatch.setattr(adhoc, "check_files", lambda files: ({str(files[0]): judged}, {}))
    monkeypatch.setattr(adhoc, "summary_lines", lambda path, summary: [path])
    assert CliRunner().invoke(app, ["check", "a.csv", *words]).exit_code == code


def test_files_that_were_not_examined_stop_no_other_and_nothing_can_be_decided(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text("data: {label: y}\nchecks: {duplicates: {}}\n")
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b.csv", "c.csv"):
        Path(name).write_text("x,y\n1,2\n")

    def clear(path, detector):
        if path.name == "b.csv":
            return SimpleNamespace(summary=lambda: SimpleNamespace(said="quarantine"))
        raise NotExamined(f"{path.stem}: not examined: not done after 1 seconds")

    monkeypatch.setattr(adhoc, "Detector", SimpleNamespace(load=lambda params: None))
    monkeypatch.setattr(adhoc, "clear_file", clear)
    monkeypatch.setattr(adhoc, "summary_lines", lambda path, summary: [path])
    done = CliRunner().invoke(app, ["check", "a.csv", "b.csv", "c.csv"])
    assert done.output == "b.csv\n"
    assert str(done.exception).startswith("could not decide on 2 files: a: not examined: ")
    assert "; c: not examined: " in str(done.exception)
