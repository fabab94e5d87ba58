import pyarrow as pa
from pratique.core.params import DataParams
from pratique.scaffold.proposals import confirm, understand

ROWS = 60
TABLE = pa.table(
    {
        "key": [f"K{i}" for i in range(ROWS)],
        "email": [f"p{i}@example.org" for i in range(ROWS)],
        "day": [f"2024-01-{1 + i % 28:02}" for i in range(ROWS)],
        "a": [str(i % 7) for i in range(ROWS)],
        "y": ["u", "v"] * (ROWS // 2),
    }
)


def test_an_id_a_time_and_what_is_personal_are_proposed():
    found = understand(TABLE, DataParams(label="y"))
    assert (found.data.id, found.data.time, found.data.personal) == ("key", "day", ("email",))
    assert {name: spec.kind for name, spec in found.specs.items()} == {
        "key": "identifier", "email": "identifier", "day": "time", "a": "integer", "y": "target",
    }  # fmt: skip


def test_who_says_no_keeps_the_column_as_a_feature():
    found = confirm(understand(TABLE, DataParams(label="y")), lambda words: not words.startswith(("key", "day")))
    assert (found.data.id, found.data.time) == (None, None)
    assert {found.specs[name].kind for name in ("key", "day")} == {"category"}
    assert found.specs["email"].kind == "identifier"
    assert {proposal.doubt.column for proposal in found.proposals} == {"email"}


def test_what_is_proposed_of_a_feature_is_told_and_nobody_is_asked():
    amounts = pa.chunked_array([pa.array([*[0] * 40, *[20 * k * k for k in range(14)], *[99999] * 6], pa.int64())])
    asked = []
    found = confirm(
        understand(TABLE.append_column("gain", amounts), DataParams(label="y")), lambda words: bool(asked.append(words))
    )
    assert [proposal.doubt.column for proposal in found.about_features] == ["gain"]
    assert not any(words.startswith("gain") for words in asked)


def test_roles_that_are_there_are_kept():
    found = understand(TABLE, DataParams(label="y", id="email", ignore=("key",)), propose=False)
    assert (found.data.id, found.data.time, found.data.personal) == ("email", None, ())
    assert "key" not in found.specs


def test_a_name_can_t_address_a_terminal():
    odd = TABLE.rename_columns(["k\x1b[31m", "email", "day", "a", "y"])
    assert "\x1b" not in "".join(proposal.text for proposal in understand(odd, DataParams(label="y")).proposals)
