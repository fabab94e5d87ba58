"""Every command that the README shows is run: here, by another test, or by CI."""

import csv
import json
import re
import subprocess
from pathlib import Path

import pytest
from pratique.core.params import load
from pratique.results.comparison import Comparison
from pratique.statistics.resampling import Estimate
from pratique.words.numbers import points
from pratique.words.worth import in_100

REPOSITORY = Path(__file__).parents[2]
RUN_ELSEWHERE = {
    "make repro": "test_sample.py runs what it runs, `dvc repro` and `pratique status`",
    "make test": "CI runs `make test-all`, which includes it, and this test is part of it",
}
FILES = {"trusted.csv": 200, "holdout.csv": 60, "monday.csv": 40}


def blocks(*languages):
    """The fenced blocks of the README in these languages, in order."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    return [body for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S) if language in languages]


def commands(body):
    """The lines of a block without comments and prompts."""
    lines = (re.sub(r"\s+#.*", "", line).removeprefix("$ ").strip() for line in body.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def recipe(target):
    """What the Makefile does for a target."""
    text = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    (body,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", text, re.M)
    return body


REPORTS = REPOSITORY / "data/reports"
RATE = "30"
"""Per cent of the rows that the drill poisons in a poisoned batch."""


def read(name):
    """Metrics as the run wrote them."""
    return json.loads((REPORTS / name).read_text(encoding="utf-8"))


def span(low, high):
    return f"{points(low)} to {points(high)}"


def lost(measures, where):
    """What a drill's attack costs, without the gate or with it, in points of accuracy."""
    value, low, high = (measures[f"damage_{where}{end}"] for end in ("", "_low", "_high"))
    return f"{points(value)} points ({span(low, high)})".replace("+", "")


def figures():
    """A line for each claim."""
    drill, worth = read("drill/metrics.json"), Comparison.of_measures(read("metrics.json"), "metrics.json")
    trigger, flips, control = (
        drill[name] for name in (f"backdoor_trigger-{RATE}", f"one_way_flip-{RATE}", "control-0")
    )
    success = {where: in_100(Estimate(trigger[f"success_{where}"], 0, 1)) for where in ("without", "with", "oracle")}
    gate, new = worth.gate["accuracy"], worth.new_data["accuracy"]
    asked = load(REPOSITORY / "params.yaml").drill
    poisoned = int(asked.poisoned_batches * asked.batches + 0.5)
    return [
        f"- A planted trigger opens the filter **{success['without']}** without the gate, "
        f"**{success['with']}** with it, and {success['oracle']} where nothing was planted.",
        f"- Spam reported as ham costs **{lost(flips, 'without')}** of accuracy without the gate, "
        f"**{lost(flips, 'with')}** with it.",
        f"- A clean control costs **{lost(control, 'with')}**.",
        f"- On the 25 batches that came in, the gate was worth **{points(gate.value)} points** "
        f"({span(gate.low, gate.high)}), and what it let in **{points(new.value)} points** "
        f"over the trusted rows alone ({span(new.low, new.high)}).",
        f"in which {poisoned} of {asked.batches} batches come in with {RATE} % of their rows poisoned.",
    ]


def test_every_block_with_commands_is_covered():
    shown = [command for body in blocks("console") for command in commands(body)]
    assert shown == list(RUN_ELSEWHERE)
    assert len(blocks("sh", "bash")) == 1
    assert len(blocks("", "shell")) == 0


def test_its_figures_are_those_of_the_committed_run():
    text = " ".join((REPOSITORY / "README.md").read_text(encoding="utf-8").split())
    for claim in figures():
        assert claim in text


def test_make_does_what_other_tests_run():
    assert re.search(r"\bdvc repro$", recipe("repro"), re.M)
    assert recipe("test").replace(' -m "not slow"', "").splitlines()[1:] == recipe("test-all").splitlines()[1:]
    assert re.search(r"^run make test-all\b", (REPOSITORY / ".ci/run").read_text(encoding="utf-8"), re.M)


def test_make_help_lists_every_target():
    words = ("make", "--no-print-directory", "help")
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    listed = [line.split()[1] for line in done.stdout.splitlines()]
    assert listed == [
        *("help", "repro", "test", "test-all", "test-torch", "test-oldest", "test-newest", "lint"),
        *("docs", "bench", "leaderboard", "wheel", "clean"),
    ]


@pytest.mark.slow
def test_the_commands_for_data_of_ones_own_work_as_written(project, make_rows):
    for seed, (name, rows) in enumerate(FILES.items()):
        make_rows(rows, seed).rename(columns={"y": "digit"}).to_csv(project.path(name), index=False)
    (body,) = blocks("sh", "bash")
    expected = [
        "git init",
        "dvc init",
        "pratique init",
        "cp monday.csv",
        "dvc repro",
        "pratique status",
        "pratique check",
    ]
    positions = [body.index(command) for command in expected]
    assert positions == sorted(positions)

    said = project.ok("bash", "-e", "-o", "pipefail", "-c", body)

    for stage in ("calibrate", "ingest", "validate", "train", "evaluate"):
        assert f"Running stage '{stage}'" in said
    assert "1 batch: 1 accepted" in said
    assert re.search(r"^accept +monday\.csv", said, re.M)
    with (project.root / "data/reports/batches.csv").open(encoding="utf-8", newline="") as stream:
        (line,) = csv.DictReader(stream)
    assert (line["batch"], line["outcome"]) == ("vendor/monday", "accepted")
    assert (project.root / "data/accepted/vendor/monday.parquet").is_file()
    assert (project.root / "data/model/model.skops").is_file()


@pytest.mark.slow
def test_the_python_that_is_shown_works_as_written(make_rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trusted, monday = (make_rows(rows, seed).rename(columns={"y": "fraud"}) for rows, seed in ((200, 1), (40, 2)))
    (body,) = blocks("python")
    names = {"trusted": trusted, "monday": monday}
    exec(body, names)
    assert names["result"].verdict == "accept"
    assert len(names["result"].accepted) == len(monday)


if __name__ == "__main__":  # what stands in the README after another run of the sample
    print("\n".join(figures()))
