import contextlib
import json
import pickle
import zipfile
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.core.errors import PratiqueError
from pratique.core.frozen import TREE, freeze, thaw
from pratique.tables.encoding import Encoder
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

ENCODER = ["pratique.tables.encoding.Encoder"]


@dataclass(frozen=True)
class Couple:
    first: object
    second: object


COUPLE = [f"{Couple.__module__}.{Couple.__qualname__}"]


@pytest.fixture
def kept(tmp_path):
    def write(value, name="a.npz"):
        freeze(tmp_path / name, value)
        return tmp_path / name

    return write


def write_tree(path, tree):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(TREE, tree if isinstance(tree, str) else json.dumps(tree))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.arange(10)[::2],
        np.zeros((0, 4), np.float32),
        np.array(["u", "vv"]),
        np.array(["u", None, 3], object),
        np.array([(1, 2.5)], [("a", "<i4"), ("b", "<f8")]),
        np.array([np.nan, np.inf, -0.0]),
        np.array(5, np.uint8),
    ],
)
def test_arrays_come_back_as_they_were(kept, array):
    got = thaw(kept([array, array.copy()]), [])[0]
    assert (got.dtype, got.shape, got.flags.f_contiguous) == (array.dtype, array.shape, array.flags.f_contiguous or array.ndim == 1)  # fmt: skip  # noqa: E501
    assert got.tolist() == array.tolist() or np.isnan(array).any()
    assert got.tobytes() == array.tobytes() or array.dtype.hasobject


def test_arrays_can_be_written_to_and_share_what_was_shared(kept):
    one = np.arange(3.0)
    got = thaw(kept({"a": one, "b": one, "c": one.copy()}), [])
    got["a"][0] = 7
    assert got["b"][0] == 7
    assert got["c"][0] == 0


def test_scalars_keep_their_type(kept):
    got = thaw(kept([np.float32(1.5), np.int64(3), np.str_("x"), np.bool_(True)]), [])
    assert [type(value) for value in got] == [np.float32, np.int64, np.str_, np.bool_]
    assert got == [1.5, 3, "x", True]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.floats(allow_nan=False),
        lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.integers() | st.text(), inner),
    )
)
def test_plain_values_come_back(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("frozen") / "a.npz"
    freeze(path, value)
    assert thaw(path, []) == value


def test_estimators_predict_the_same(kept):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3))
    y = (x[:, 0] > 0).astype(int)
    losses = ["CyHalfBinomialLoss", "Interval", "LogitLink", "HalfBinomialLoss"]
    modules = ("sklearn._loss._loss", "sklearn._loss.link", "sklearn._loss.link", "sklearn._loss.loss")
    trusted = [f"{module}.{name}" for module, name in zip(modules, losses, strict=True)]
    trusted += ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor", "sklearn.tree._tree.Tree"]
    for made in (RandomForestClassifier(3, random_state=0), HistGradientBoostingClassifier(max_iter=3)):
        got = thaw(kept(made.fit(x, y)), trusted)
        np.testing.assert_array_equal(got.predict_proba(x), made.predict_proba(x))


def test_equal_objects_give_the_same_bytes_and_so_does_what_was_read_back(kept, mixed_batch):
    def fitted():
        x = np.arange(20.0).reshape(10, 2)
        return {"scale": StandardScaler().fit(x), "line": LinearRegression().fit(x, x[:, 0])}

    first = kept(fitted()).read_bytes()
    assert kept(fitted(), "b.npz").read_bytes() == first
    encoder = Encoder.fit(mixed_batch)
    path = kept(encoder)
    got = thaw(path, ENCODER)
    assert kept(got, "b.npz").read_bytes() == path.read_bytes()
    np.testing.assert_array_equal(got.transform(mixed_batch), encoder.transform(mixed_batch))


def test_a_type_that_is_not_listed_is_refused_before_anything_of_it_runs(kept, tmp_path):
    path = kept(Couple(1, 2))
    with pytest.raises(PratiqueError, match=r"holds .*Couple, which is not trusted"):
        thaw(path, [])
    assert thaw(path, COUPLE) == Couple(1, 2)
    for name in ("os.system", "builtins.eval", "sklearn.utils.check_array", "sklearn.externals.os.system"):
        write_tree(tmp_path / "evil.npz", ["call", name, ["true"], None])
        with pytest.raises(PratiqueError, match="write the file anew"):
            thaw(tmp_path / "evil.npz", COUPLE)


def test_what_no_archive_holds_is_refused_when_it_is_written(tmp_path):
    with pytest.raises(TypeError, match="no archive holds"):
        freeze(tmp_path / "a.npz", {"a": {1, 2}})
    assert not (tmp_path / "a.npz").exists()


def test_a_pickle_is_never_loaded(tmp_path):
    path = tmp_path / "evil.npz"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(PratiqueError, match="not a readable archive"):
        thaw(path, [])
    np.savez(path, a=np.array([{}], object), allow_pickle=True)
    with pytest.raises(PratiqueError, match="not a readable archive"):
        thaw(path, [])


@pytest.mark.parametrize("tree", ["", "{}", "[]", '["again",3]', '["array","00",0,5,[5],false]', "[[[[" * 50_000])
def test_a_damaged_tree_is_said_plainly(tmp_path, tree):
    write_tree(tmp_path / "a.npz", tree)
    with pytest.raises(PratiqueError, match="write the file anew"):
        thaw(tmp_path / "a.npz", [])


@given(data=st.data())
def test_damaged_bytes_are_read_or_refused_and_never_a_traceback(tmp_path_factory, data):
    """Under checksums that are right."""
    path = tmp_path_factory.mktemp("frozen") / "a.npz"
    freeze(path, {"a": np.arange(50.0), "b": ["x", (1, 2)], "c": Couple(np.ones((3, 4)), np.int8(1))})
    with zipfile.ZipFile(path) as archive:
        members = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    damaged = members[data.draw(st.sampled_from(sorted(members)))]
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), min_size=1, max_size=3)):
        damaged[place % len(damaged)] = byte
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, bytes(content))
    with contextlib.suppress(PratiqueError):
        thaw(path, COUPLE)


def test_a_missing_archive_says_what_to_run(tmp_path):
    with pytest.raises(PratiqueError, match="pratique calibrate"):
        thaw(tmp_path / "a.npz", [])


def test_an_array_that_holds_more_than_numbers_is_refused(kept):
    """A mask would be lost in silence."""
    with pytest.raises(TypeError, match="MaskedArray: no archive holds such an object"):
        kept(np.ma.masked_array([1, 2], [True, False]))
