"""The Containerfile, read as a builder reads it: nothing in it is unpinned, missing or run as root."""

import json
import re
import shlex
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
KNOWN = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "CMD"}


def read_instructions(text):
    """Each instruction with its words; comments are dropped, continued lines joined."""
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.M).replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


@pytest.fixture(scope="module")
def instructions():
    return read_instructions((REPOSITORY / "Containerfile").read_text(encoding="utf-8"))


def test_every_instruction_is_known_and_every_shell_line_is_whole(instructions):
    assert {name for name, _ in instructions} == KNOWN
    assert all(shlex.split(words) for name, words in instructions if name == "RUN")
    assert json.loads(dict(instructions)["CMD"])[0] == "pratique"


def test_images_are_named_with_their_registry_and_version(instructions):
    bases = [words.split()[0] for name, words in instructions if name == "FROM"]
    assert bases
    assert all(re.fullmatch(r"docker\.io/library/python:3\.\d+-slim", base) for base in bases)


def test_what_is_copied_is_in_the_repository_and_reaches_the_builder(instructions):
    let_in = (REPOSITORY / ".containerignore").read_text(encoding="utf-8").split()
    copied = {each for name, words in instructions if name == "COPY" for each in words.split()[:-1]}
    assert copied == {line[1:] for line in let_in if line.startswith("!")}
    assert all((REPOSITORY / each).exists() for each in copied)


def test_packages_come_with_a_hash_or_from_those_that_did(instructions):
    for _, words in (each for each in instructions if each[0] == "RUN" and "pip " in each[1]):
        assert "--require-hashes" in words or "--no-index" in words
        assert "--no-cache-dir" in words


def test_the_image_runs_as_nobody_special_and_keeps_no_package_lists(instructions):
    names = [name for name, _ in instructions]
    last = len(names) - 1 - names[::-1].index("USER")
    assert instructions[last][1] not in ("root", "0")
    assert all(name not in ("RUN", "FROM") for name in names[last:])
    for _, words in (each for each in instructions if each[0] == "RUN" and "apt-get" in each[1]):
        assert "--no-install-recommends" in words
        assert "rm -rf /var/lib/apt/lists/*" in words
