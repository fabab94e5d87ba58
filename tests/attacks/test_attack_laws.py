"""Laws that every attack keeps: a new one is tested here without being named."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pratique.contract.attack import Attack, PoisonedBatch, count_poisoned
from pratique.contract.discovery import attack_names, load_attack
from pratique.core.batch import Batch
from pratique.core.layout import Layout

RATES = (0.0, 0.1, 0.5, 1.0)
SEED = 7

MIXED = Layout("kind", {"length": "real", "petals": "integer", "colour": "category"})
NUMERIC = Layout("kind", {"length": "real", "petals": "integer"})
TEXT = Layout("kind", {"colour": "category"})

LENGTHS = [1.5, 2.25, 3.0, 4.5, 0.1, 6.0, 7.75, 2.5, 1e-3, 4.0]
PETALS = [3, 4, 5, 3, 4, 5, 5, 4, 3, 12]
COLOURS = ["red", "blue", "red", "white", "red", "blue", "red", "white", "red", "blue"]
KINDS = ["a", "b", "b", "c", "a", "b", "c", "a", "b", "a"]


def typed(layout: Layout, **columns: Any) -> Batch:
    return Batch("garden/week-1", pa.table(columns), layout)


def as_csv(layout: Layout, text: str) -> Batch:
    """The table that reading this CSV text gives: every cell text, an empty one missing."""
    names = text.splitlines()[0].split(",")
    options = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
    )
    return Batch("garden/week-1", pyarrow.csv.read_csv(io.BytesIO(text.encode()), convert_options=options), layout)


BATCHES = {
    "numeric typed": typed(NUMERIC, length=LENGTHS, petals=PETALS, kind=KINDS),
    "mixed typed": typed(MIXED, colour=COLOURS, petals=PETALS, length=LENGTHS, kind=KINDS),
    "number labels": typed(NUMERIC, length=LENGTHS, petals=PETALS, kind=[ord(k) for k in KINDS]),
    "whole floats": typed(MIXED, length=PETALS, petals=[float(p) for p in PETALS], colour=COLOURS, kind=KINDS),
    "mixed csv": as_csv(MIXED, "petals,length,colour,kind\n3,1.50,red,a\n4,2,blue,b\n5,3.25,red,b\n7,4,white,c\n"),
    "id and missing csv": as_csv(
        MIXED,
        "id,length,petals,colour,note,kind\n007,1.50,3,red,,a\n008,,4,blue,x,b\n009,3.25,many,,y,b\n"
        "010,4,007,white,,\n011,0.5,2,red,z,a\n012,,,,,c\n",
    ),
    "id and missing typed": typed(
        MIXED,
        id=[10, 11, 12, 13],
        length=[1.5, None, 3.0, 2.0],
        petals=[3, 4, None, 9],
        colour=["red", None, "blue", "red"],
        kind=["a", "b", None, "b"],
    ),
    "binary": typed(NUMERIC, length=[0.0] * 9 + [1.0], petals=[0] * 9 + [1], kind=KINDS),
    "constant": typed(NUMERIC, length=[0.1] * 10, petals=[4] * 10, kind=KINDS),
    "one class": typed(NUMERIC, length=LENGTHS, petals=PETALS, kind=["a"] * 10),
    "no numbers": typed(TEXT, colour=COLOURS, kind=KINDS),
    "columns absent": typed(MIXED, petals=PETALS, kind=KINDS),
    "label absent": typed(MIXED, petals=PETALS, length=LENGTHS, colour=COLOURS),
    "one row": typed(NUMERIC, length=[1.5], petals=[3], kind=["a"]),
    "no rows": typed(
        MIXED,
        length=pa.array([], pa.float64()),
        petals=pa.array([], pa.int64()),
        colour=pa.array([], pa.string()),
        kind=pa.array([], pa.string()),
    ),
}


def poison(attack: Attack, batch: Batch, rate: float, seed: int = SEED) -> PoisonedBatch:
    return attack.poison(batch, rate, np.random.default_rng(seed))


def assert_truth(clean: Batch, result: PoisonedBatch) -> None:
    """The rows named, and no other, are new or differ from their origin; the rest is as it came."""
    assert result.batch.name == clean.name
    assert result.batch.layout == clean.layout
    assert result.batch.table.schema == clean.table.schema
    assert list(result.rows) == sorted(set(result.rows))
    assert [i for i in result.origin if i >= 0] == list(range(len(clean)))
    before, after = clean.table.to_pylist(), result.batch.table.to_pylist()
    assert len(after) == len(result.origin)
    different = [i for i, j in enumerate(result.origin) if j < 0 or after[i] != before[j]]
    assert different == list(result.rows)


BALANCED = [
    (name, {"balanced": True, "added": added, **fields})
    for name, fields in (
        ("label_flip", {}),
        ("pair_flip", {}),
        ("one_way_flip", {}),
        ("hardest_flip", {"by": "confidence"}),
        ("hardest_flip", {"by": "loss"}),
    )
    for added in (False, True)
]
ADDED = [(name, {"added": True}) for name in ("label_flip", "pair_flip", "one_way_flip", "hardest_flip")]
QUICK = {"learned_poison": {"steps": 2, "epochs": 10}}
"""Fields of attacks that seek long: their laws hold however long that is."""
VARIANTS = [*((name, QUICK.get(name, {})) for name in attack_names()), *BALANCED, *ADDED]


@pytest.fixture(
    params=VARIANTS, ids=lambda variant: "-".join([variant[0], *(f"{k}={v}" for k, v in variant[1].items())])
)
def attack(request: pytest.FixtureRequest) -> Attack:
    name, fields = request.param
    return load_attack(name)(**fields)


@pytest.fixture(params=BATCHES.values(), ids=BATCHES.keys())
def batch(request: pytest.FixtureRequest) -> Batch:
    return request.param


def test_truth_is_complete(attack: Attack, batch: Batch) -> None:
    for rate in RATES:
        assert_truth(batch, poison(attack, batch, rate))


def test_budget_is_exact_unless_fewer_rows_are_eligible(attack: Attack, batch: Batch) -> None:
    eligible = len(poison(attack, batch, 1).rows)
    for rate in RATES:
        assert len(poison(attack, batch, rate).rows) == min(count_poisoned(batch, rate), eligible)


def test_rate_zero_is_the_identity(attack: Attack, batch: Batch) -> None:
    result = poison(attack, batch, 0)
    assert result.batch.table.equals(batch.table)
    assert len(result.rows) == 0
    assert list(result.origin) == list(range(len(batch)))


def test_every_attack_poisons_something_in_ordinary_rows(attack: Attack) -> None:
    assert len(poison(attack, BATCHES["numeric typed"], 0.3).rows) == 3


def test_same_seed_same_poison(attack: Attack, batch: Batch) -> None:
    for rate in RATES:
        first, second = poison(attack, batch, rate), poison(attack, batch, rate)
        assert first.batch.table.equals(second.batch.table)
        assert list(first.rows) == list(second.rows)
        assert list(first.origin) == list(second.origin)


def test_another_seed_other_rows(attack: Attack) -> None:
    chosen = {tuple(poison(attack, BATCHES["numeric typed"], 0.3, seed).rows) for seed in range(5)}
    assert len(chosen) > 1


def test_input_is_untouched(attack: Attack, batch: Batch) -> None:
    before = pa.table(
        {name: pa.array(batch.table[name].to_pylist(), batch.table[name].type) for name in batch.table.column_names}
    )
    numeric, labels = batch.numeric.copy(), batch.labels.copy()
    poison(attack, batch, 1)
    assert batch.table.equals(before)
    np.testing.assert_array_equal(batch.numeric, numeric)
    np.testing.assert_array_equal(batch.labels, labels)


def test_what_an_attack_writes_is_read_back(attack: Attack, batch: Batch) -> None:
    """No attack makes a cell unreadable, and no number missing in a row that was there."""
    result = poison(attack, batch, 1)
    old = result.origin >= 0
    for name, column in result.batch.columns.items():
        assert not (column.unreadable[old] & ~batch.columns[name].unreadable).any(), name
        assert not (column.values.isna()[old].to_numpy() & ~batch.columns[name].values.isna().to_numpy()).any(), name
        assert not column.unreadable[~old].any(), name


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Small batches, typed or text, with missing cells and an id that no layout knows."""
    rows = draw(st.integers(0, 12))
    number = st.floats(-1e6, 1e6, allow_nan=False) | st.sampled_from([0.0, 0.5, 1.0])
    cells = {
        "id": draw(st.lists(st.integers(0, 9), min_size=rows, max_size=rows)),
        "length": draw(st.lists(st.none() | number, min_size=rows, max_size=rows)),
        "petals": draw(
            st.lists(st.none() | st.integers(-(10**6), 10**6) | st.integers(0, 1), min_size=rows, max_size=rows)
        ),
        "colour": draw(st.lists(st.none() | st.sampled_from(["red", "", "7"]), min_size=rows, max_size=rows)),
        "kind": draw(st.lists(st.none() | st.sampled_from(["a", "b", "10"]), min_size=rows, max_size=rows)),
    }
    types = {
        "id": pa.int64(),
        "length": pa.float64(),
        "petals": pa.int64(),
        "colour": pa.string(),
        "kind": pa.string(),
    }
    table = pa.table({name: pa.array(values, types[name]) for name, values in cells.items()})
    if draw(st.booleans()):
        table = table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))
    return Batch("garden/week-1", table, MIXED)


ODD_FIELDS = [
    ("back_gradient", {"points": 2, "steps": 3, "epochs": 5}),
    ("backdoor_trigger", {"beyond": 2}),
    ("biggio_svm", {"points": 2, "steps": 3, "cost": 100}),
    ("confusing_flip", {"select": "confident", "neighbours": 1}),
    ("fabrication", {"weight": 1}),
    ("flip_noise", {"added": True}),
    ("gaussian_noise", {"scale": 0.01}),
    ("hardest_flip", {"by": "loss"}),
    ("leaked_holdout", {"noise": 0.1}),
    ("learned_poison", {"points": 2, "waves": 3, "steps": 2, "epochs": 5, "penalty": "cross_validated"}),
    ("learned_poison", {"points": 3, "steps": 2, "epochs": 5, "penalty": "large", "victims": "a"}),
    ("mean_shift", {"scale": 0.01, "share": 1}),
    ("mimicry", {"weight": 0.01}),
    ("mimicry", {"weight": 1}),
    ("one_way_flip", {"target": "10"}),
    ("pair_flip", {"becomes": {"a": "10"}, "added": True}),
    ("subpopulation_flip", {"added": True}),
    ("unit_error", {"factor": 0.01}),
]


OPTIMISING = ("back_gradient", "biggio_svm", "learned_poison")
"""Attacks that train a model for every batch: a few batches of each kind are what their law can afford."""


def assert_truth_in_any_batch(name: str, fields: dict[str, Any], batch: Batch, rate: float, seed: int) -> None:
    attack = load_attack(name)(**fields)
    result = poison(attack, batch, rate, seed)
    assert_truth(batch, result)
    assert len(result.rows) == min(count_poisoned(batch, rate), len(poison(attack, batch, 1, seed).rows))


FIELDS = [*VARIANTS, *ODD_FIELDS]


@pytest.mark.parametrize(("name", "fields"), [each for each in FIELDS if each[0] not in OPTIMISING])
@settings(max_examples=60)
@given(batch=batches(), rate=st.floats(0, 1), seed=st.integers(0, 99))
def test_truth_is_complete_in_any_batch(
    name: str, fields: dict[str, Any], batch: Batch, rate: float, seed: int
) -> None:
    assert_truth_in_any_batch(name, fields, batch, rate, seed)


@pytest.mark.parametrize(("name", "fields"), [each for each in FIELDS if each[0] in OPTIMISING])
@settings(max_examples=12)
@given(batch=batches(), rate=st.floats(0, 1), seed=st.integers(0, 99))
def test_truth_is_complete_where_an_attack_trains_a_model(
    name: str, fields: dict[str, Any], batch: Batch, rate: float, seed: int
) -> None:
    assert_truth_in_any_batch(name, fields, batch, rate, seed)
