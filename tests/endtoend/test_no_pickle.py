"""No file is read or written as pickle or joblib: the source asks for none, and a traced run opens none."""

import ast
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

REPOSITORY = Path(__file__).parents[2]
SOURCES = sorted((REPOSITORY / "stages").rglob("*.py"))
UNPICKLING = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
METHODS = {"read_pickle", "to_pickle"}
PICKLES = (".pkl", ".pickle", ".joblib", ".dill")
STAGES = ("calibrate", "ingest", "validate", "train", "evaluate", "audit")

TRACE = """
import json, sys

opened, unpickled = set(), set()

def watch(event, args):
    if event == "open" and isinstance(args[0], str):
        opened.add(args[0])
    elif event == "pickle.find_class":
        unpickled.add(f"{args[0]}.{args[1]}")

sys.addaudithook(watch)
from pratique.cli import app
from pratique.core.errors import run

for stage in sys.argv[1:]:
    try:
        run(lambda: app([stage]))
    except SystemExit as stop:
        assert not stop.code, stage
print(json.dumps({"opened": sorted(opened), "unpickled": sorted(unpickled)}))
"""


def named(tree):
    """Every name that a source imports, uses or passes; words in texts are none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_no_source_asks_for_a_pickle(source):
    tree = ast.parse(source.read_text(encoding="utf-8"))
    used = {part for name in named(tree) for part in name.split(".")}
    assert not used & (UNPICKLING | METHODS)
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is False


@pytest.fixture(scope="module")
def traced(initialised, tmp_path_factory):
    """All five stages in a process of their own, under an audit hook."""
    project = initialised.copy(tmp_path_factory.mktemp("traced") / "project")
    return project, json.loads(project.ok("python", "-c", TRACE, *STAGES))


@pytest.mark.slow
def test_the_trace_sees_what_the_stages_open(traced):
    _, seen = traced
    opened = [Path(path).as_posix() for path in seen["opened"]]
    for path in ("params.yaml", "expectations/suite.json", "data/incoming/east/first.csv", "data/profile/rows.npz"):
        assert any(name.endswith(path) for name in opened), path


@pytest.mark.slow
def test_no_class_is_unpickled(traced):
    _, seen = traced
    assert seen["unpickled"] == []


@pytest.mark.slow
def test_no_opened_file_is_a_pickle(traced):
    project, seen = traced
    for name in seen["opened"]:
        path = project.root / name
        assert not path.name.endswith(PICKLES), name
        if path.is_file() and project.root in path.parents:
            assert not is_pickle(path.read_bytes()), name


@pytest.mark.slow
def test_every_written_file_is_parquet_text_or_an_archive_of_plain_arrays(traced):
    project, _ = traced
    for name, content in project.contents(".").items():
        suffix = Path(name).suffix
        if suffix == ".parquet":
            assert content[:4] == content[-4:] == b"PAR1", name
        elif suffix in (".skops", ".npz"):
            assert_plain(name, content)
        elif suffix == ".arrow":
            with pa.ipc.open_stream(content) as stream:
                assert stream.read_all().num_columns, name
        else:
            assert "\0" not in content.decode("utf-8"), name


def is_pickle(content):
    """Binary pickles begin with 0x80 and their protocol; joblib's files are such, or compressed."""
    compressed = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"\x04\x22\x4d\x18")
    return (content[:1] == b"\x80" and content[1:2] in b"\x02\x03\x04\x05") or content.startswith(compressed)


def assert_plain(name, content):
    """Every member of the archive is JSON, or an array that needs no pickle to be read."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    assert members, name
    for member, data in members.items():
        if member.endswith(".npy"):
            np.load(io.BytesIO(data), allow_pickle=False)
        else:
            assert member.endswith(".json"), f"{name}: {member}"
            json.loads(data)
