"""Files without some rows: what stays is what stood there."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.image_params import ImageParams
from pratique.core.params import DataParams
from pratique.tables.erasing import drop_all, drop_rows, find_rows

DATA = DataParams(label="y", id="id")


@pytest.fixture
def put(tmp_path, monkeypatch):
    """A file among incoming batches."""
    monkeypatch.chdir(tmp_path)

    def write(name, content):
        path = paths.INCOMING / "east" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(
    ("name", "content", "left"),
    [
        ("a.csv", b"id,y\n1,a\n2,b\n3,c\n", b"id,y\n1,a\n3,c\n"),
        ("a.csv", b"id,y\n1,a\n2,b\n3,c", b"id,y\n1,a\n3,c"),
        ("a.csv", b'\xef\xbb\xbfid;y\r\n1;"a\r\n""x"\r\n2;"b\r\nb"\r\n\r\n3;5" c\r\n', None),
        ("a.tsv", b"id\ty\n007\t\n2\tb\n3\tNA\n", b"id\ty\n007\t\n3\tNA\n"),
        ("a.csv", b"id\n1\n\n3\n", b"id\n1\n3\n"),
        ("a.jsonl", b'{"id": 1}\n\n{"id": 2, "y": 1.5}\n{"id": 3, "y": 1}\n', b'{"id": 1}\n{"id": 3, "y": 1}\n'),
    ],
)
def test_a_row_of_text_goes_and_the_bytes_of_the_others_stay(put, name, content, left):
    left = left or b'\xef\xbb\xbfid;y\r\n1;"a\r\n""x"\r\n3;5" c\r\n'
    path = put(name, content)
    assert drop_rows(path, {1}, DATA) == {path: left}


def test_a_row_of_parquet_goes_and_types_stay(put):
    path = put("a.parquet", b"")
    table = pa.table({"id": pa.array([1, 2, 3], pa.int16()), "y": pa.array([0.1, None, 2.5], pa.float32())})
    pq.write_table(table, path)
    (content,) = drop_rows(path, {0}, DATA).values()
    assert pq.read_table(pa.BufferReader(content)).equals(table.slice(1))


def test_a_part_whose_rows_all_go_goes(put):
    first, second = put("day/p1.csv", b"id,y\n1,a\n2,b\n"), put("day/p2.csv", b"id,y\n3,c\n4,d\n")
    assert drop_rows(first.parent, {0, 1, 3}, DATA) == {first: None, second: b"id,y\n3,c\n"}


def test_labels_of_their_own_go_with_the_last_row_of_their_id(put, tmp_path):
    path = put("a.csv", b"id,x\n1,5\n2,6\n2,7\n3,8\n")
    labels = paths.LABELS / "east/a.csv"
    labels.parent.mkdir(parents=True)
    labels.write_bytes(b"id,y\n3,c\n2,b\n1,a\n")
    apart = DATA.model_copy(update={"labels_from": "data/labels"})
    assert apart.labels_apart
    changed = drop_rows(path, {0, 1}, apart)
    assert changed == {path: b"id,x\n2,7\n3,8\n", labels: b"id,y\n3,c\n2,b\n"}
    assert drop_all(path, apart) == {path: None, labels: None}


def test_rows_are_found_by_their_id_as_text(put):
    path = put("a.parquet", b"")
    pq.write_table(pa.table({"id": [7, 8, 7]}), path)
    assert find_rows(path, {"7"}, DATA) == [0, 2]
    with pytest.raises(PratiqueError, match="names no column of ids"):
        find_rows(path, {"7"}, DataParams(label="y"))


@pytest.mark.parametrize("rows", [{2}, {0, 5}, set(), {-1}])
def test_rows_that_are_not_there_are_refused(put, rows):
    with pytest.raises(PratiqueError, match="counted from 0 to 1"):
        drop_rows(put("a.csv", b"id,y\n1,a\n2,b\n"), rows, DATA)


def test_an_image_goes_and_the_others_stay_as_they_came(put):
    path = put("a.parquet", b"")
    pictures = pa.array([[float(k)] * 16 for k in range(3)], pa.list_(pa.float32(), 16))
    table = pa.table({"id": ["1", "2", "3"], "image": pictures, "y": ["a", "b", "c"]})
    pq.write_table(table, path)
    data = DataParams(label="y", id="id", image=ImageParams(height=4, width=4))
    assert find_rows(path, {"2"}, data) == [1]
    (content,) = drop_rows(path, {1}, data).values()
    assert pq.read_table(pa.BufferReader(content)).equals(table.take([0, 2]))
