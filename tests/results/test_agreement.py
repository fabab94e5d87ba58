"""Two files of results agree where they differ in last digits only."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pratique.results.agreement import agrees


def parquet(metadata=None, **columns):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, metadata=metadata), sink)
    return sink.getvalue()


def archive(array, words):
    sink, numbers = io.BytesIO(), io.BytesIO()
    np.save(numbers, array)
    with zipfile.ZipFile(sink, "w") as out:
        out.writestr("1.npy", numbers.getvalue())
        out.writestr("schema.json", json.dumps(words))
    return sink.getvalue()


PAIRS = [
    ("a.json", b'{"x": 0.123456}', b'{"x": 0.123457}', True),
    ("a.json", b'{"x": 0.123456}', b'{"x": 0.123466}', False),
    ("a.json", b'{"x": 1}', b'{"x": true}', False),
    ("a.json", b'{"x": 1}', b'{"x": 1, "y": 2}', False),
    ("a.json", b'{"x": "p = 0.123456, row 7"}', b'{"x": "p = 0.123457, row 7"}', True),
    ("a.json", b'{"x": "p = 0.123456, row 7"}', b'{"x": "p = 0.123456, row 8"}', False),
    ("a.json", b'{"x": "2026-01-07"}', b'{"x": "2026-01-08"}', False),
    ("a.json", b'{"x": 1}', b'{"x": 1', False),
    ("a.csv", b"batch,p\na,0.5000001\n", b"batch,p\na,0.5\n", True),
    ("a.csv", b"batch,p\na,0.5\n", b"batch,p\nb,0.5\n", False),
    ("a.csv", b"batch,p\na,0.5\n", b"batch,p\n", False),
    ("data/promoted/east/a.csv", b"x\n0.5000001\n", b"x\n0.5\n", False),
    ("data/promoted/east/a.csv", b"x\n0.5\n", b'"x"\n0.5\n', False),
    ("data/quarantine/east/a/a.csv", b"x\n0.5000001\n", b"x\n0.5\n", False),
    ("data/batches/east/a.original/part-0.csv", b"x\n0.5000001\n", b"x\n0.5\n", False),
    ("data/batches/east/a.json", b'{"x": 0.123456}', b'{"x": 0.123457}', True),
    ("a.parquet", parquet(x=[1.0, None]), parquet(x=[1.0000001, None]), True),
    ("a.parquet", parquet(x=[1.0, 2.0]), parquet(x=[1.0, 2.1]), False),
    ("a.parquet", parquet(y=["a", "b"]), parquet(y=["b", "a"]), False),
    ("a.parquet", parquet(y=[1, 2]), parquet(y=[1, 2, 2]), False),
    ("a.parquet", parquet(y=[1]), b"PAR1", False),
    ("a.parquet", parquet(y=[1]), parquet({"pandas": "{}"}, y=[1]), False),
    ("a.skops", archive(np.array([1.0, np.nan]), {"n": 1}), archive(np.array([1.0000001, np.nan]), {"n": 1}), True),
    ("a.skops", archive(np.array([1.0]), {"n": 1}), archive(np.array([1.1]), {"n": 1}), False),
    ("a.skops", archive(np.array([1.0]), {"n": 1}), archive(np.array([1.0]), {"n": 2}), False),
    ("a.skops", archive(np.array([1.0]), {}), b"PK", False),
    ("a.original", b"x", b"y", False),
    ("a.json", b'{"rows": 1000000}', b'{"rows": 1000001}', False),
    ("a.parquet", parquet(x=[1.0, None]), parquet(x=[1.0, float("nan")]), False),
    ("a.html", b"<p>p = 0.123456 of 7</p>", b"<p>p = 0.123457 of 7</p>", True),
    ("a.html", b"<p>p = 0.123456 of 7</p>", b"<p>p = 0.123456 of 8</p>", False),
    ("data/accepted/a.parquet", parquet(x=[1.0, None]), parquet(x=[1.0000001, None]), False),
    ("data/batches/a.parquet", parquet(x=["0.123456"]), parquet(x=["0.123457"]), False),
    (
        "data/quarantine/east/a/rows.parquet",
        parquet(x=["0.123456"], why=["p = 0.1"]),
        parquet(x=["0.123457"], why=["p = 0.1"]),
        False,
    ),
    (
        "data/quarantine/east/a/rows.parquet",
        parquet(x=["1"], why=["p = 0.123456"]),
        parquet(x=["1"], why=["p = 0.123457"]),
        True,
    ),
    ("data/model/a.skops", archive(np.array([1.0]), {}), archive(np.array([1.0000001]), {}), False),
]


@pytest.mark.parametrize(("name", "one", "other", "same"), PAIRS)
def test_computed_numbers_agree_to_six_digits_and_all_else_exactly(tmp_path, monkeypatch, name, one, other, same):
    monkeypatch.chdir(tmp_path)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(one)
    assert agrees(Path(name), other) is same
    assert agrees(Path(name), one)
