"""The page, the README and the site's first page say what the results file says."""

from pathlib import Path

import pytest
from leaderboard.exam import SIZES
from leaderboard.figures import KINDS, Results, estimate
from leaderboard.report import page, summary

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/leaderboard"


@pytest.fixture(scope="module")
def results():
    return Results.read(FOLDER, "full")


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_every_number_of_the_page_is_in_the_results_file(size):
    results = Results.read(FOLDER, size)
    assert page(results) == (FOLDER / results.named("index.md")).read_text(encoding="utf-8")


def test_the_page_begins_with_where_we_lose():
    heads = [line for line in (FOLDER / "index.md").read_text(encoding="utf-8").splitlines() if line.startswith("## ")]
    assert heads[0] == "## Where we lose"


@pytest.mark.parametrize("name", ["README.md", "docs/index.md"])
def test_its_three_lines_stand_on_the_first_pages(results, name):
    assert summary(results) in (ROOT / name).read_text(encoding="utf-8")


def test_all_tools_judged_the_same_batches(results):
    keys = ["table", "reference", "attack", "rate", "draw"]
    judged = {peer: set(map(tuple, results.of(peer, list(results.batches["attack"].unique()))[keys].to_numpy()))
              for peer in results.peers}  # fmt: skip
    assert len(judged) >= 8
    assert len(set(map(frozenset, judged.values()))) == 1


def test_the_results_say_when_and_with_which_versions(results):
    whole = results.runs[results.runs["fault"] == ""]
    assert whole[["date", "machine", "version"]].ne("").all().all()
    assert set(KINDS) == {"runs", "batches", "models"}


def test_an_interval_holds_the_mean(results):
    found = estimate(results.batches, "alarm")
    assert found.low <= found.mean <= found.high
