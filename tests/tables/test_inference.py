import numpy as np
import pyarrow as pa
import pytest
from pratique.core.columns import NumberFormat, read_declared
from pratique.core.errors import PratiqueError
from pratique.core.params import DataParams
from pratique.tables.inference import infer_column
from pratique.tables.trusted import layout_of

RNG = np.random.default_rng(0)
AMOUNTS = [f"{x:.1f}" for x in RNG.normal(50, 5, 1000)]


def column(cells, kind=None):
    return pa.chunked_array([pa.array(cells, kind or pa.string())])


def infer(cells, name="x", kind=None):
    return infer_column(name, column(cells, kind)).spec


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-20", None, "0"], "integer"),
        (["1", "2.5"], "real"),
        (["1e3", ".5", "5.", "-0.25"], "real"),
        (["1", "007"], "code"),
        (["-01.5", "2.5"], "category"),
        (["1", "x"], "category"),
        (["1", "NA"], "integer"),
        (["1,5"], "real"),
        (["true", "False", "NA"], "boolean"),
        (["2024-01-02", "2024-02-03 10:11:12"], "time"),
        (["26.1.2024", "1.2.2024"], "time"),
        ([None, None], "category"),
        ([], "category"),
    ],
)
def test_the_narrowest_kind_that_fits_is_inferred(cells, kind):
    assert infer(cells).kind == kind


def test_typed_columns_tell_their_kind():
    assert infer([1, None], kind=pa.int64()).kind == "integer"
    assert infer([1.0], kind=pa.float64()).kind == "real"
    assert infer([None], kind=pa.null()).kind == "category"


def test_names_of_rows_are_no_features():
    assert infer([f"C{i}" for i in range(100)]).kind == "identifier"
    assert infer([f"Braund, Mr. Owen {i}" for i in range(100)]).kind == "text"
    assert infer(list(range(7, 107)), kind=pa.int64()).kind == "identifier"
    unique = RNG.permutation(10**6)[:100].tolist()
    assert infer(unique, "PassengerId", pa.int64()).kind == "identifier"
    assert infer(unique, "amount", pa.int64()).kind == "integer"
    assert infer(["a", "b"] * 50).kind == "category"


def test_codes_and_times_are_known_by_their_names():
    assert infer([10115, 10117] * 30, "zip", pa.int64()).kind == "code"
    assert infer([1700000000, 1700000100] * 30, "created_at", pa.int64()).kind == "time"
    assert infer([1700000000, 1700000100] * 30, "amount", pa.int64()).kind == "integer"


def test_words_for_missing_numbers_are_listed():
    assert infer([*AMOUNTS, *["NA"] * 11]).missing == ("NA",)
    found = infer_column("income", column([*AMOUNTS, *["tbd"] * 7, None]))
    assert (found.spec.kind, found.spec.missing) == ("real", ("tbd",))
    assert found.doubt.saw == "1,000 of 1,008 are numbers, 8 are empty or 'tbd'"
    assert infer([*AMOUNTS, *["tbd"] * 500]).kind == "category"
    assert infer([*AMOUNTS, *["3+"] * 7]).kind == "category"
    assert infer(["1", "2", "3"] * 9 + ["more"] * 3).kind == "category"


def test_an_infinity_is_no_missing_marker():
    assert infer([*AMOUNTS, "inf"]).model_dump(include={"kind", "missing"}) == {"kind": "real", "missing": ()}


def test_a_spike_far_off_is_a_missing_marker():
    ages = RNG.integers(18, 90, 1000).tolist()
    assert infer([*ages, *[999] * 20], kind=pa.int64()).missing == ("999",)
    assert infer([*ages, 999], kind=pa.int64()).missing == ()
    assert infer([*ages, *[99] * 20], kind=pa.int64()).missing == ()
    assert infer([*ages, *[500] * 20], kind=pa.int64()).missing == ()


def test_a_spike_at_the_end_of_a_long_tail_may_be_a_cap_and_is_asked_about():
    gains = [0] * 180 + [int(each) for each in RNG.lognormal(8, 0.8, 30).clip(200, 40_000)]
    found = infer_column("gain", pa.chunked_array([pa.array([*gains, *[99999] * 4], pa.int64())]))
    assert (found.spec.kind, found.spec.missing) == ("integer", ())
    assert found.doubt is not None
    assert found.doubt.saw == "4 of 214 are '99999', far beyond all others"
    assert "may be a cap, or a missing marker" in found.doubt.decided
    away = [-each for each in gains]  # the tail runs the other way
    assert infer_column("loss", pa.chunked_array([pa.array([*away, *[99999] * 4], pa.int64())])).spec.missing == (
        "99999",
    )


@pytest.mark.parametrize(
    ("write", "form"),
    [
        (lambda x: f"{x:.1f}".replace(".", ","), NumberFormat(decimal=",")),
        (lambda x: f"${1000 * x:,.2f}", NumberFormat(thousands=",", unit="$")),
        (lambda x: f"{1000 * x:,.2f} €".replace(",", "_").replace(".", ",").replace("_", "."),
         NumberFormat(decimal=",", thousands=".", unit="€")),
        (lambda x: f"{x:.1f} %", NumberFormat(unit="%")),
        (lambda x: f"{1000 * x:,.0f}", NumberFormat(thousands=",")),
    ],
)  # fmt: skip
def test_the_format_of_a_column_is_recognised(write, form):
    found = infer([write(float(x)) for x in AMOUNTS])
    assert (found.kind in ("real", "integer"), found.format) == (True, form)


def test_a_missing_level_is_no_level_but_namibia_is():
    assert infer(["a", "?", "b"] * 10).model_dump(include={"levels", "missing"}) == {
        "levels": ("a", "b"), "missing": ("?",),
    }  # fmt: skip
    assert infer(["ZA", "NA", "BW"] * 10).missing == ()


# the way in


def table(**columns):
    return pa.table({"id": ["1"], "n": ["1"], "c": ["x"], "note": ["z"], "y": ["7"]} | columns)


def test_label_id_and_ignored_columns_are_no_features():
    layout = layout_of(table(), DataParams(label="y", id="id", ignore=("note", "not there")))
    assert layout.kinds == {"n": "integer", "c": "category"}
    assert (layout.numeric, layout.categorical) == (("n",), ("c",))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"label": "z"}, r"data\.label: column 'z' is not in the trusted rows; they have id, n, c, note, y"),
        ({"label": "y", "id": "z"}, r"data\.id: column 'z'"),
        ({"label": "y", "personal": ("n", "z")}, r"data\.personal\[1\]: column 'z'"),
        ({"label": "y", "ignore": ("id", "n", "c", "note")}, "no feature column is left"),
    ],
)
def test_a_layout_that_the_reference_does_not_have_is_refused(params, message):
    with pytest.raises(PratiqueError, match=message):
        layout_of(table(), DataParams(**params))


def test_a_first_line_that_is_a_row_is_not_shown():
    with pytest.raises(PratiqueError, match="not in the trusted rows; their first line looks like a row"):
        layout_of(pa.table({"secret": ["x"], "12.5": ["1"]}), DataParams(label="y"))


def test_personal_levels_are_not_listed():
    layout = layout_of(table(), DataParams(label="y", personal=("c", "y"), ignore=("note",)))
    assert not layout.writings


def test_amounts_are_no_label():
    with pytest.raises(PratiqueError, match="price: 100 different numbers in 100 rows are no class label; regression"):
        layout_of(table_of(price=[f"{i}.5" for i in range(100)]), DataParams(label="price"))
    with pytest.raises(PratiqueError, match="100 different values"):
        layout_of(table_of(price=[f"c{i}" for i in range(100)]), DataParams(label="price"))
    layout_of(table_of(price=[str(i % 30) for i in range(600)]), DataParams(label="price"))


def table_of(price):
    return pa.table({"n": ["1", "2"] * (len(price) // 2), "price": price})


def declare(tmp_path, text):
    path = tmp_path / "columns.yaml"
    path.write_text("columns:\n" + text)
    return read_declared(path)


GOOD = "  n: {kind: real}\n  c: {kind: category}\n  y: {kind: target}\n"


def test_declared_columns_are_read(tmp_path):
    declared = declare(tmp_path, GOOD + '  id: {kind: identifier}\n  note: {kind: text, missing: ["-"]}\n')
    layout = layout_of(table(), DataParams(label="y", id="id"), declared)
    assert layout.kinds == {"n": "real", "c": "category"}
    assert read_declared(tmp_path / "none.yaml") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  n: {kind: number}\n", r"columns\.n\.kind: input should be 'integer'"),
        (
            "  n: {kind: real, levls: []}\n",
            r"columns\.n\.levls: unknown key; known here: format, kind, levels, missing",
        ),
        ('  n: {kind: real, format: {decimal: ",", thousands: ","}}\n', "thousands and decimal must differ"),
        ("  n: {kind: real}\n  n: {kind: real}\n", "duplicate key"),
    ],
)
def test_a_wrong_declaration_is_one_line_that_names_the_key(tmp_path, text, message):
    with pytest.raises(PratiqueError, match=message):
        declare(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        ("  zz: {kind: real}\n", {}, "columns.yaml: column 'zz' is not in the trusted rows"),
        ("", {}, "columns.yaml: column 'id' of the trusted rows is not declared"),
        (
            "  id: {kind: real}\n",
            {"id": "id", "ignore": ("note",)},
            "params.yaml says that 'id' is data.id, .*columns.yaml",
        ),
        ("  id: {kind: target}\n", {"ignore": ("note",)}, "columns.yaml says that 'id' is the target, params.yaml"),
    ],
)
def test_where_two_files_speak_of_a_column_and_differ_both_are_named(tmp_path, text, data, message):
    with pytest.raises(PratiqueError, match=message):
        layout_of(table(), DataParams(label="y", **data), declare(tmp_path, GOOD + text))
