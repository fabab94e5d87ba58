import contextlib
import json
import pickle
import zipfile
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.core.archive import dump, load
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.tables.encoding import Encoder
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ENCODER = ["pratique.tables.encoding.Encoder"]


@dataclass(frozen=True)
class Pair:
    first: object
    second: object


PAIR = [f"{Pair.__module__}.{Pair.__qualname__}"]


@pytest.fixture
def stored(tmp_path):
    def write(value, name="a.skops"):
        dump(tmp_path / name, value)
        return tmp_path / name

    return write


def test_arrays_come_back_equal(stored):
    value = {"a": np.arange(6.0).reshape(2, 3), "b": [1, "x", None, 0.1], "c": np.array(["u", "vv"])}
    got = load(stored(value), [])
    np.testing.assert_array_equal(got["a"], value["a"])
    np.testing.assert_array_equal(got["c"], value["c"])
    assert got["b"] == value["b"]


def test_an_encoder_comes_back_with_the_same_points(stored, mixed_batch):
    encoder = Encoder.fit(mixed_batch)
    got = load(stored(encoder), ENCODER)
    np.testing.assert_array_equal(got.transform(mixed_batch), encoder.transform(mixed_batch))


def test_two_dumps_of_one_object_give_the_same_bytes(stored, mixed_batch):
    encoder = Encoder.fit(mixed_batch)
    assert stored(encoder).read_bytes() == stored(encoder, "b.skops").read_bytes()


def test_equal_objects_give_the_same_bytes_whatever_was_made_before_them(stored):
    def fitted():
        x = np.arange(20.0).reshape(10, 2)
        return {
            "scale": StandardScaler().fit(x),
            "line": LinearRegression().fit(x, x[:, 0]),
            "levels": OneHotEncoder().fit(x.astype(int)),
        }

    first = fitted()
    clutter = [fitted() for _ in range(20)]  # moves the next one to other addresses
    second = fitted()
    assert stored(first).read_bytes() == stored(second, "b.skops").read_bytes()
    assert len(clutter) == 20


def test_a_loaded_object_gives_the_same_bytes_again(stored, mixed_batch):
    path = stored(Encoder.fit(mixed_batch))
    assert stored(load(path, ENCODER), "b.skops").read_bytes() == path.read_bytes()


def test_the_order_of_keys_is_kept(stored):
    layout = Layout("y", {"b": "category", "a": "real"})
    got = load(stored(layout), ["pratique.core.layout.Layout"])
    assert list(got.kinds) == ["b", "a"]
    assert load(stored({"b": 1, 1: 2}), []) == {"b": 1, 1: 2}


def test_how_a_value_came_about_does_not_show(stored):
    plain, rebuilt = {"a": "xyz", "b": ("xyz", 1000)}, {"z": 0, "a": ""}
    del rebuilt["z"]
    rebuilt["a"] = "".join(["x", "y", "z"])
    rebuilt["b"] = ("".join(["xy", "z"]), int("1000"))
    assert stored(plain).read_bytes() == stored(rebuilt, "b.skops").read_bytes()


@given(st.recursive(st.none() | st.integers() | st.text(max_size=3) | st.floats(allow_nan=False), st.lists))
def test_plain_values_come_back(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("archive") / "a.skops"
    dump(path, value)
    assert load(path, []) == value


def test_an_untrusted_type_is_refused(stored):
    path = stored(Pair(1, 2))
    with pytest.raises(PratiqueError, match=r"holds .*Pair, which is not trusted"):
        load(path, [])
    assert load(path, PAIR) == Pair(1, 2)


def test_a_pickle_is_never_loaded(tmp_path, stored):
    path = tmp_path / "evil.skops"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(PratiqueError, match="not a readable archive"):
        load(path, [])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", json.dumps({"__class__": "system", "__module__": "os", "__loader__": "X"}))
    with pytest.raises(PratiqueError, match="write the file anew"):
        load(path, [])


@pytest.mark.parametrize("schema", ["", "[]", "{}", "null", '{"__loader__": "ObjectNode"}'])
def test_a_damaged_schema_is_said_plainly(tmp_path, schema):
    path = tmp_path / "a.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", schema)
    with pytest.raises(PratiqueError, match="write the file anew"):
        load(path, [])


def test_a_truncated_archive_is_said_plainly(stored):
    path = stored({"a": np.arange(100.0)})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(PratiqueError, match="not a readable archive"):
        load(path, [])


@pytest.mark.parametrize("whole", [True, False])
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_never_a_traceback(tmp_path_factory, whole, data):
    """The archive's bytes, and those of a member under a checksum that is right."""
    path = tmp_path_factory.mktemp("archive") / "a.skops"
    dump(path, {"a": np.arange(50.0), "b": ["x", (1, 2)], "c": {"d": np.ones((3, 4))}})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(members)))
    damaged = bytearray(path.read_bytes() if whole else members[name])
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), min_size=1, max_size=3)):
        damaged[place % len(damaged)] = byte
    if whole:
        path.write_bytes(damaged)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in (members | {name: bytes(damaged)}).items():
                archive.writestr(member, content)
    with contextlib.suppress(PratiqueError):
        load(path, [])


def test_a_missing_archive_says_what_to_run(tmp_path):
    with pytest.raises(PratiqueError, match="pratique calibrate"):
        load(tmp_path / "a.skops", [])
