"""The hook that examines staged batches, run by pre-commit itself in a team's repository."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"


@pytest.fixture
def hooked(change):
    """Sam's branch, where pre-commit runs the hook in this environment instead of one that it installs."""
    hook = next(
        each for each in YAML(typ="safe").load(HOOKS.read_text(encoding="utf-8")) if each["stages"] == ["pre-commit"]
    )
    config = change.path(".pre-commit-config.yaml")
    with config.open("w", encoding="utf-8") as stream:
        YAML(typ="safe").dump({"repos": [{"repo": "local", "hooks": [hook | {"language": "system"}]}]}, stream)
    change.commit()
    change.ok("pre-commit", "install")
    return change


def test_a_good_batch_is_committed_and_a_poisoned_one_is_not(hooked, clean, flipped):
    hooked.bring(clean, "east/good.csv")
    hooked.commit()
    hooked.bring(flipped, "east/bad.csv")
    hooked.ok("git", "add", "-A")
    done = hooked.run("git", "commit", "-q", "-m", "poison")
    assert done.code == 1, done
    assert "data/incoming/east/bad.csv" in done.out + done.err
    assert "quarantine" in done.out + done.err
    assert "east/bad" not in hooked.ok("git", "ls-tree", "-r", "--name-only", "HEAD")


def test_what_is_staged_is_examined_not_what_lies_there(hooked, clean, flipped):
    hooked.bring(flipped, "east/bad.csv")
    hooked.ok("git", "add", "-A")
    hooked.bring(clean, "east/bad.csv")
    assert hooked.run("git", "commit", "-q", "-m", "poison").code == 1


def test_a_commit_without_a_batch_is_not_examined(hooked):
    hooked.path("notes.md").write_text("nothing")
    hooked.ok("git", "add", "-A")
    done = hooked.run("git", "commit", "-m", "notes")
    assert done.code == 0
    assert "no files to check" in done.out + done.err
