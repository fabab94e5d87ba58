import json
import math
import threading

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.core.writing import keep_only, round_floats, write_bytes, write_json, write_table, write_text


def test_bytes_replace_what_was_there_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "new" / "a.bin"
    write_bytes(path, b"one")
    write_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_a_crash_while_writing_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")

    def crash(_):
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", crash)
        with pytest.raises(OSError, match="disk full"):
            write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    write_bytes(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_text_is_utf_8_with_the_line_ends_given(tmp_path):
    write_text(tmp_path / "a.txt", "é\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xa9\n"


def test_json_keeps_the_order_of_keys_and_refuses_nan(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "b": 1,\n  "a": "é"\n}\n'
    with pytest.raises(ValueError, match="Out of range float"):
        write_json(tmp_path / "a.json", math.nan)


def test_equal_tables_give_equal_bytes_whatever_their_chunks_and_metadata(tmp_path):
    whole = pa.table({"a": [1, 2, None], "b": ["x", None, "z"]})
    parts = pa.concat_tables([whole.slice(0, 1), whole.slice(1)]).replace_schema_metadata({"writer": "me"})
    write_table(tmp_path / "a.parquet", whole)
    write_table(tmp_path / "b.parquet", parts)
    assert pq.read_table(tmp_path / "a.parquet").equals(whole)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_floats_are_rounded_to_significant_digits():
    value = {
        "a": 123456.789,
        "b": [1.23456789e-9, (0.5,)],
        "c": [math.nan, math.inf],
        "d": 12345678,
        "e": True,
    }
    assert round_floats(value) == {
        "a": 123457.0,
        "b": [1.23457e-9, [0.5]],
        "c": [None, None],
        "d": 12345678,
        "e": True,
    }
    assert round_floats(2 / 3, digits=2) == 0.67
    assert round_floats(np.float64(1 / 3)) == 0.333333


@given(st.floats())
def test_rounding_is_idempotent_json_and_within_its_digits(number):
    once = round_floats(number)
    assert round_floats(once) == once
    json.dumps(once, allow_nan=False)
    if once is not None and math.isfinite(once):
        assert math.isclose(once, number, rel_tol=5.1e-6, abs_tol=1e-320)


def test_only_wanted_files_are_kept(tmp_path):
    folder, outside = tmp_path / "out", tmp_path / "outside.txt"
    outside.write_text("stays")
    for name in ("a/1", "a/2", "b/c/3"):
        write_text(folder / name, name)
    (folder / "link").symlink_to(outside)
    (folder / "far").symlink_to(tmp_path, target_is_directory=True)
    keep_only(folder, [folder / "a/1"])
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*")) == ["a", "a/1"]
    assert outside.read_text() == "stays"
    keep_only(tmp_path / "absent", [])
    assert (tmp_path / "absent").is_dir()


def test_two_writers_of_one_path_leave_a_whole_file(tmp_path):
    """A reader never sees a torn file, and no writer fails."""
    path, size = tmp_path / "a.bin", 300_000
    write_bytes(path, b"A" * size)
    writers = [
        threading.Thread(
            target=lambda letter=letter: [write_bytes(path, (letter + str(n % 7).encode()) * size) for n in range(40)]
        )
        for letter in (b"A", b"B")
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        data = path.read_bytes()
        assert len(set(zip(data[::2], data[1::2], strict=True))) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_what_an_earlier_process_left_halfway_is_written_over(tmp_path):
    (tmp_path / ".a.bin.partial").write_bytes(b"halfway and longer")
    write_bytes(tmp_path / "a.bin", b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.bin", b"new")]
