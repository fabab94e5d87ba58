import pytest
from pratique.core.errors import PratiqueError
from pratique.core.params import load
from pratique.core.sections import parse
from pydantic import BaseModel, ConfigDict


@pytest.fixture
def params(tmp_path):
    def write(text):
        path = tmp_path / "params.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path)

    return write


def test_defaults_fill_what_is_not_said(params):
    got = params("data: {label: y}\nchecks: {labels: {}}\n")
    assert got.data.label == "y"
    assert got.checks == {"labels": {}}
    assert (got.seed, got.alarms.per_1000_batches, got.alarms.alpha) == (0, 10, 0.01)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("checks: {}\n", "data: field required"),
        ("data: {label: y}\nchecks: {}\nsede: 1\n", r"sede: unknown key; known here: .*\bseed\b"),
        (
            "data: {label: y, lable: z}\nchecks: {}\n",
            r"data\.lable: unknown key; known here: cells, formats, id, ignore, image, label",
        ),
        (
            "data: {label: y}\nchecks: {}\nseed: -1\n",
            "seed: input should be greater than or equal to 0, got -1",
        ),
        (
            "data: {label: y}\nchecks: {}\nalarms: {per_1000_batches: 0}\n",
            r"alarms\.per_1000_batches: .*, got 0",
        ),
        (
            "data: {label: y}\nchecks: {}\ntrain: {estimator: 'models:make', trees: 5}\n",
            "train: value error, names both 'estimator' and 'trees'; keep one of them",
        ),
        (
            "data: {label: y}\nchecks: {}\ntrain: {params: {}}\n",
            "train: .*'params' is of an estimator, and none is named",
        ),
        ("data: {label: y}\nchecks: {}\ntrain: {estimator: models.make}\n", r"train\.estimator: string should match"),
        ("", "data: field required"),
        ("- 1\n", "input should be a valid dictionary"),
        ("data: [\n", "params.yaml"),
        ("a: !!python/object/apply:os.system [true]\n", "python/object"),
    ],
)
def test_a_fault_is_one_line_that_names_the_key(params, text, message):
    with pytest.raises(PratiqueError, match=message) as caught:
        params(text)
    assert "params.yaml: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_repeated_key_is_refused_and_no_is_text(params):
    with pytest.raises(PratiqueError, match="seed"):
        params("data: {label: y}\nchecks: {}\nseed: 1\nseed: 2\n")
    assert params("data: {label: NO}\nchecks: {}\n").data.label == "NO"


def test_a_missing_file_and_bad_encoding_are_said_plainly(tmp_path):
    with pytest.raises(PratiqueError, match="not found"):
        load(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(PratiqueError, match=r"params\.yaml: "):
        load(tmp_path / "params.yaml")


def test_params_cannot_be_changed(params):
    with pytest.raises(ValueError, match="frozen"):
        params("data: {label: y}\nchecks: {}\n").seed = 2


def test_a_value_of_any_model_is_parsed_in_its_place():
    class Fields(BaseModel):
        model_config = ConfigDict(extra="forbid")
        k: int = 3

    assert parse(Fields, None, "here").k == 3
    with pytest.raises(PratiqueError, match=r"^here: k: input should be a valid integer.*, got 'x'$"):
        parse(Fields, {"k": "x"}, "here")
    with pytest.raises(PratiqueError, match=r"^here: j: unknown key; known here: k$"):
        parse(Fields, {"j": 1}, "here")
