import contextlib
import csv
import datetime
import io
import os
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pratique.core.budget import limit_memory
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.tables import delimited, limits, reading
from pratique.tables.reading import read_file, read_frame, read_table, read_trusted


@pytest.fixture
def csv_file(tmp_path):
    def write(content):
        path = tmp_path / "batch.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def parquet_file(tmp_path):
    def write(columns):
        path = tmp_path / "batch.parquet"
        pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), path)
        return path

    return write


def refused(path, *words):
    with pytest.raises(UnreadableBatch) as caught:
        read_table(path)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    for word in (path.name, *words):
        assert word in message


def test_cells_stay_as_they_are_written(csv_file):
    table = read_table(csv_file('a,b\n007,"x, ""y""\nz"\n,1.0\n'))
    assert table.to_pylist() == [{"a": "007", "b": 'x, "y"\nz'}, {"a": None, "b": "1.0"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_is_read(csv_file, end):
    table = read_table(csv_file(end.join(["a,b", "1,2", "3,4"])))
    assert table.to_pydict() == {"a": ["1", "3"], "b": ["2", "4"]}


def test_a_quoted_name_may_hold_commas_and_line_ends(csv_file):
    assert read_table(csv_file('"a,\nb",c\n1,2\n')).to_pylist() == [{"a,\nb": "1", "c": "2"}]


def test_an_empty_line_is_a_missing_cell_only_where_there_is_one_column(csv_file):
    assert read_table(csv_file("a\n1\n\n3\n")).to_pydict() == {"a": ["1", None, "3"]}
    assert read_table(csv_file("a,b\n1,2\n\n3,4\n")).num_rows == 2


def test_an_empty_first_line_is_no_header(csv_file):
    refused(csv_file("\na,b\n1,2\n"), "first line is empty")
    refused(csv_file(b"\xef\xbb\xbf"), "first line is empty")


def test_a_header_alone_is_a_table_without_rows(csv_file):
    table = read_table(csv_file("a,b"))
    assert (table.num_rows, table.column_names) == (0, ["a", "b"])


def test_a_file_of_zero_bytes_is_refused(csv_file):
    refused(csv_file(b""), "empty")


def test_a_row_with_an_extra_field_is_refused(csv_file):
    refused(csv_file("a,b\n1,2,3\n4,5,6\n"), "row 0 (from 0) has 3 cells, the header 2")


def test_a_row_that_is_too_short_is_refused(csv_file):
    refused(csv_file("a,b\n1,2\n3\n"), "row 1 (from 0) has 1 cells, the header 2")


def test_a_column_that_comes_twice_is_refused(csv_file, parquet_file):
    refused(csv_file("a,b,a\n1,2,3\n"), "'a'")
    refused(parquet_file(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])), "'a'")


@pytest.mark.parametrize(
    "names",
    ["Name,name", " name,name", "ﬁt,fit", "STRASSE,straße", "na\u200bme,name", "Ａ,a"],
)
def test_column_names_that_look_alike_are_refused(csv_file, names):
    refused(csv_file(f"{names}\n1,2\n"), "look alike")


@pytest.mark.parametrize("names", ["a,", ",a", "a, ", "a,\u200b", '"",a'])
def test_a_column_without_a_name_is_refused(csv_file, names):
    refused(csv_file(f"{names}\n1,2\n"), "no name")


def test_a_byte_order_mark_is_no_part_of_the_first_name(csv_file):
    plain = read_table(csv_file("a,b\n1,2\n"))
    assert read_table(csv_file(b"\xef\xbb\xbfa,b\n1,2\n")).equals(plain)
    assert read_table(csv_file(b'\xef\xbb\xbf"a",b\n1,2\n')).equals(plain)


@pytest.mark.parametrize(
    ("content", "offset"), [(b"a,b\n1,\xff\n", 6), (b"\xef\xbb\xbfa,\xff\n", 5), (b"a,b\n1,\xe2\x82", 6)]
)
def test_bytes_that_are_not_utf_8_are_refused_with_their_place(csv_file, content, offset):
    refused(csv_file(content), f"not UTF-8 at offset {offset}")


@pytest.mark.parametrize("block", [1, 2, 3, 7, 8])
def test_bytes_that_are_not_utf_8_are_located_across_blocks(csv_file, monkeypatch, block):
    monkeypatch.setattr(delimited, "DECODED_BLOCK", block)
    refused(csv_file("a,b\n€,é\n".encode() + b"\xe2\x82,1\n"), "not UTF-8 at offset 11")


def test_a_nul_byte_is_refused(csv_file, parquet_file):
    refused(csv_file(b"a,b\nca\0t,2\n"), "NUL byte at offset 6")
    refused(parquet_file({"a": ["dog", "ca\0t"]}), "NUL", "row 1")


def test_na_is_a_label_like_any_other(csv_file):
    words = ["NA", "None", "null", "nan", "N/A", "NULL", "NaN", "#N/A", "-"]
    assert read_table(csv_file("y,x\n" + "".join(f"{w},1\n" for w in words)))["y"].to_pylist() == words


def test_labels_that_are_equal_as_numbers_stay_distinct(csv_file):
    assert read_table(csv_file("y,x\n1,a\n1.0,a\n01,a\n"))["y"].to_pylist() == ["1", "1.0", "01"]


def test_whole_numbers_beyond_float64_are_read_exactly(csv_file, parquet_file):
    big = 2**53 + 1
    assert read_table(csv_file(f"id,x\n{big},1\n"))["id"].to_pylist() == [str(big)]
    assert read_table(parquet_file({"id": [big, None]}))["id"].to_pylist() == [big, None]
    assert read_table(parquet_file({"id": pa.array([2**64 - 1], pa.uint64())}))["id"].to_pylist() == [str(2**64 - 1)]


def test_a_giant_cell_is_refused(csv_file, parquet_file, monkeypatch):
    monkeypatch.setattr(limits, "MAX_CELL_BYTES", 5)
    assert read_table(csv_file("a,b\n1,12345\n")).num_rows == 1
    refused(csv_file("a,b\n1,2\n1,123456\n"), "column 'b', row 1")
    refused(parquet_file({"a": [None, "€€"]}), "column 'a', row 1")


def test_too_many_columns_are_refused(csv_file, parquet_file, monkeypatch):
    refused(csv_file(",".join(f"c{i}" for i in range(100_000)) + "\n"), "100000 columns")
    monkeypatch.setattr(limits, "MAX_COLUMNS", 2)
    refused(parquet_file({"a": [1], "b": [1], "c": [1]}), "3 columns")


def test_a_giant_column_name_is_refused(csv_file, parquet_file):
    refused(csv_file("a" * 1001 + ",b\n1,2\n"), "at most 1000 characters")
    refused(parquet_file({"a" * 1001: [1]}), "at most 1000 characters")


def test_too_many_cells_are_refused(csv_file, parquet_file, monkeypatch):
    monkeypatch.setattr(limits, "MAX_CELLS", 5)
    refused(csv_file("a,b\n1,2\n3,4\n"), "6 cells")
    refused(parquet_file({"a": [1, 2, 3], "b": [1, 2, 3]}), "6 cells")


def test_too_many_bytes_are_refused(csv_file, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 7)
    refused(csv_file("a,b\n1,2\n"), "8 bytes")


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_text_that_unpacks_to_too_much_is_refused(parquet_file, monkeypatch, kind):
    bomb = parquet_file({"a": pa.array(["x" * 10_000] * 1_000, kind)})
    assert bomb.stat().st_size < 20_000
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", 1_000_000)
    refused(bomb, "unpacks to 10000000 bytes")


def test_pages_that_unpack_to_too_much_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "batch.parquet"
    pq.write_table(pa.table({"a": ["x" * 1_000] * 1_000}), path, use_dictionary=False, compression="zstd")
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", 100_000)
    refused(path, "unpacks to")


@pytest.mark.parametrize("kept", [3, 20, -1, -8, -30])
def test_a_truncated_parquet_file_is_refused(parquet_file, kept):
    path = parquet_file({"a": list(range(1000))})
    path.write_bytes(path.read_bytes()[:kept])
    refused(path, "not readable as parquet")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_damaged_parquet_is_read_or_refused(parquet_file, place, change):
    path = parquet_file({"a": ["x", None, "y"] * 10, "b": list(range(30))})
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= change
    path.write_bytes(content)
    try:
        read_table(path)
    except UnreadableBatch:
        refused(path)


class Custom(pa.ExtensionType):
    def __init__(self):
        super().__init__(pa.int64(), "tests.custom")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage, data):
        raise AssertionError("a batch ran code")


def test_an_extension_type_is_refused_and_runs_no_code(parquet_file):
    path = parquet_file({"a": pa.ExtensionArray.from_storage(Custom(), pa.array([1]))})
    refused(path, "'a'", "expected numbers or text")
    metadata = {
        "ARROW:extension:name": "arrow.py_extension_type",
        "ARROW:extension:metadata": "cos\nsystem\n.",
    }
    pickled = pa.schema([pa.field("a", pa.int64(), metadata=metadata)])
    refused(parquet_file(pa.table({"a": [1]}).cast(pickled)), "'a'")


@pytest.mark.parametrize("cells", [[[1]], [{"b": 1}], [b"\xff"]])
def test_nested_and_binary_columns_are_refused(parquet_file, cells):
    refused(parquet_file({"a": cells, "z": [1]}), "'a'", "expected numbers or text")


def test_parquet_text_that_is_not_utf_8_is_refused(parquet_file):
    refused(parquet_file({"a": pa.array([b"ok", b"\xff"]).view(pa.string())}), "UTF-8")


def test_parquet_columns_come_as_int64_float64_or_text(parquet_file):
    table = read_table(
        parquet_file(
            {
                "i": pa.array([1, None], pa.int8()),
                "f": pa.array([0.5, float("nan")], pa.float32()),
                "s": pa.array(["x", None], pa.large_string()),
                "d": pa.array(["x", None]).dictionary_encode(),
                "b": [True, None],
                "n": pa.nulls(2),
                "t": pa.array([0, None], pa.timestamp("s")),
            }
        )
    )
    assert table.schema.types == [pa.int64(), pa.float64(), *[pa.string()] * 5]
    assert table.to_pylist() == [
        {"i": 1, "f": 0.5, "s": "x", "d": "x", "b": "true", "n": None, "t": "1970-01-01 00:00:00.000"},
        dict.fromkeys("ifsdbnt"),
    ]


@pytest.mark.parametrize(
    ("text", "between"),
    [
        ("a;b\n1;2\n", "semicolons"),
        ("a\tb\n1\t2\n", "tabs"),
        ("a;b\n1,5;2\n", "semicolons"),
        ('"a;b",c\n1,2\n', None),
        ("a;b, c;d\n1;2;3\n", "semicolons"),
        ("a;b\n", "semicolons"),
    ],
)
def test_semicolons_and_tabs_are_taken_from_the_header_and_named(csv_file, text, between):
    found = read_file(csv_file(text))
    assert found.readings == ((f"{between} between the columns",) if between else ())
    assert len(found.table.column_names) == text.splitlines()[0].count(
        ";" if between == "semicolons" else "\t"
    ) + 1 or (between is None and found.table.column_names == ["a;b", "c"])


def test_known_names_say_what_stands_between_columns(csv_file):
    path = csv_file("a,b;c\n1,2;3\n")
    assert read_file(path).table.column_names == ["a", "b;c"]
    assert read_file(path, known=("a,b", "c")).table.to_pylist() == [{"a,b": "1,2", "c": "3"}]


def test_other_delimiters_are_refused(csv_file):
    refused(csv_file("a|b\n1|2\n"), "one column", "commas, semicolons or tabs")


def test_a_message_shows_no_cell(csv_file):
    """Not even where a cell stands in the header's place."""
    for text in ("a,b\nsecret@x.org,1,2\n", "a,b\nsecret@x.org\n", 'a,b\n"secret@x.org"x,2\n'):
        with pytest.raises(UnreadableBatch) as caught:
            read_table(csv_file(text))
        assert "secret" not in str(caught.value)
    with pytest.raises(UnreadableBatch, match="columns 1 and 2 look alike") as caught:
        read_file(csv_file("secret@x.org,SECRET@x.org\n"), known=("a", "b"))
    with pytest.raises(UnreadableBatch, match="columns 1 and 2 look alike"):
        read_table(csv_file("secret@x.org,SECRET@x.org\n"))
    with pytest.raises(UnreadableBatch, match=r"column 2, row 0 \(from 0\): a cell of more than"):
        read_file(csv_file(f"a,secret\n1,{'x' * 2_000_000}\n"), known=("a", "b"))


def test_a_column_that_is_ignored_may_hold_anything(tmp_path, parquet_file):
    table = pa.table({"a": [1, 2], "tags": [["x"], []]})
    pq.write_table(table, tmp_path / "t.parquet")
    refused(tmp_path / "t.parquet", "column 'tags' holds list", "data.ignore")
    found = read_file(tmp_path / "t.parquet", ignore=("tags",))
    assert found.table.to_pydict() == {"a": [1, 2]}
    assert found.readings == ("tags holds list<element: string>, is ignored and was not read",)
    assert read_frame(table, "rows", ignore=("tags",)).to_pydict() == {"a": [1, 2]}


def test_json_lines(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1, "b": "x", "c": 1.5}\n\n{"b": null, "c": 2, "t": true, "l": [1]}\n')
    refused(path, "'l'", "data.ignore")
    found = read_file(path, ignore=("l",))
    assert found.table.to_pydict() == {"a": [1, None], "b": ["x", None], "c": [1.5, 2.0], "t": [None, "true"]}
    assert found.readings == ("l is ignored and was not read",)
    for text in ("[1]\n", '{"a": 1, "a": 2}\n', "secret\n", "\n"):
        path.write_text(text)
        with pytest.raises(UnreadableBatch) as caught:
            read_table(path)
        assert "secret" not in str(caught.value)


def test_a_workbook(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for line in (["n", "r", "c", "d"], [1, 1.5, "x", datetime.date(2024, 1, 2)], [None, 2, True, None]):
        book.active.append(line)
    book.create_sheet("more")
    book.save(tmp_path / "t.xlsx")
    found = read_file(tmp_path / "t.xlsx")
    assert found.table.to_pydict() == {
        "n": [1, None], "r": [1.5, 2.0], "c": ["x", "true"], "d": ["2024-01-02 00:00:00", None],
    }  # fmt: skip
    assert found.readings == ("sheet 1 of 2",)


@pytest.mark.parametrize("content", ['a,b\n"1"x,2\n', 'a,b\n"1,2\n', 'a,b\n"1\\"",2\n', '"a"x,b\n', '"a,b\n'])
def test_a_misplaced_quote_is_refused_with_its_place(csv_file, content):
    refused(csv_file(content), "misplaced quote", f"offset {content.index(chr(34))}")


def test_a_quote_inside_a_bare_cell_is_text(csv_file):
    assert read_table(csv_file('a,b\n5" pipe,2\n')).to_pylist() == [{"a": '5" pipe', "b": "2"}]


def test_homoglyphs_and_invisible_characters_are_kept(csv_file):
    cells = ["сat", "ca\u200bt", "\u202ecat", "cafe\u0301"]
    assert read_table(csv_file("y,x\n" + "".join(f"{c},1\n" for c in cells)))["y"].to_pylist() == cells


def test_a_pipe_or_a_folder_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    refused(tmp_path / "pipe.csv", "not a file")
    (tmp_path / "folder.csv").mkdir()
    refused(tmp_path / "folder.csv", "not a file")


DAMAGES = {
    "cut": lambda part: part[: len(part) // 2],
    "emptied": lambda part: b"",
    "other": lambda part: b"<a><b></a>",
    "gone": lambda part: None,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_workbook_with_a_damaged_part_is_read_or_refused(tmp_path, damage):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for line in (["a", "b"], [1, 2]):
        book.active.append(line)
    book.save(tmp_path / "whole.xlsx")
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    for name in parts:
        with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as packed:
            for each, part in parts.items():
                bytes_ = DAMAGES[damage](part) if each == name else part
                if bytes_ is not None:
                    packed.writestr(each, bytes_)
        with contextlib.suppress(UnreadableBatch):
            assert read_file(tmp_path / "t.xlsx").table.column_names == ["a", "b"]


def test_an_unknown_format_is_refused(tmp_path):
    (tmp_path / "batch.feather").write_bytes(b"PK")
    refused(tmp_path / "batch.feather", ".csv or .tsv or .parquet")
    (tmp_path / "batch.xlsx").write_bytes(b"PK")
    refused(tmp_path / "batch.xlsx", "not readable as an Excel workbook")


CELLS = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(['"', ",", "\r\n", "\n", "\r", '",'])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_python_writes_is_read_cell_for_cell_or_refused(csv_file, rows, quoting):
    stream = io.StringIO()
    csv.writer(stream, quoting=quoting).writerows([("a", "b"), *rows])
    path = csv_file(stream.getvalue())
    try:
        table = read_table(path)
    except UnreadableBatch:
        refused(path, "NUL")
    else:
        assert list(zip(*table.to_pydict().values(), strict=True)) == [(a or None, b or None) for a, b in rows]


def test_trusted_rows_come_in_the_order_of_the_file_names(tmp_path):
    (tmp_path / "b.csv").write_text("x,y\n2,b\n")
    (tmp_path / "a.csv").write_text("y,x\na,1\n")
    (tmp_path / "notes.txt").write_text("not data")
    assert read_trusted(tmp_path).to_pydict() == {"y": ["a", "b"], "x": ["1", "2"]}


def test_trusted_files_of_both_formats_are_joined_as_text(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,a\n")
    pq.write_table(pa.table({"x": [2], "y": ["b"]}), tmp_path / "b.parquet")
    assert read_trusted(tmp_path).to_pydict() == {"x": ["1", "2"], "y": ["a", "b"]}


def test_trusted_rows_must_exist_and_agree(tmp_path):
    with pytest.raises(PratiqueError, match=r"no \.csv or \.parquet file"):
        read_trusted(tmp_path / "nowhere")
    (tmp_path / "a.csv").write_text("x,y\n")
    with pytest.raises(PratiqueError, match="no rows"):
        read_trusted(tmp_path)
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")
    with pytest.raises(PratiqueError, match=r"b\.csv: column 'y' is not in every file"):
        read_trusted(tmp_path)
    (tmp_path / "b.csv").write_text("secret,2024\n1,2\n")  # it has no header
    with pytest.raises(PratiqueError, match=r"b\.csv: a column is not in every file"):
        read_trusted(tmp_path)


def test_a_small_file_that_takes_much_memory_is_refused_before_it_is_taken(tmp_path):
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"a": pa.array(["x" * 2**20] * 2000)}), path, compression="zstd")
    assert path.stat().st_size < 100_000
    used = pa.total_allocated_bytes()
    with limit_memory(8), pytest.raises(UnreadableBatch, match=r"take about 19\.5 GiB to examine, at most 8 are taken"):
        read_table(path)
    assert pa.total_allocated_bytes() - used < 2**20
