"""The PROV document: valid by the submission's schema, read by an independent library, and true."""

import json
from importlib.resources import files

import pytest
from jsonschema import Draft4Validator
from pratique.core.checksums import SEAL, seal
from pratique.core.writing import write_json
from pratique.lineage.last_run import read_last_run
from pratique.lineage.prov import prov_document
from pratique.training.manifest import MANIFEST
from prov import model as prov

SCHEMA = json.loads((files("prov.tests") / "schemas/prov-json.schema.json").read_text(encoding="utf-8"))
"""The schema of the member submission to the W3C, as the library ships it."""


@pytest.fixture
def text(run):
    return prov_document(read_last_run(), "team")


@pytest.fixture
def document(text):
    """What the library reads."""
    return prov.ProvDocument.deserialize(content=text, format="json")


def label(document, name):
    (thing,) = document.get_record(name)
    return thing.label


def pairs(document, kind):
    """The ends of every relation of a kind, by their labels."""
    return {
        tuple(label(document, name) for name in (value for _, value in relation.formal_attributes[:2]))
        for relation in document.get_records(kind)
    }


def test_it_is_valid_by_the_schema(text):
    Draft4Validator.check_schema(SCHEMA)
    Draft4Validator(SCHEMA, format_checker=Draft4Validator.FORMAT_CHECKER).validate(json.loads(text))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda said: said.update(remark={}),
        lambda said: next(iter(said["used"].values())).pop("prov:entity"),
        lambda said: next(iter(said["entity"].values())).update({"pratique:rows": {"no": 1}}),
    ],
    ids=["relation", "end", "value"],
)
def test_the_schema_finds_what_breaks_it(text, spoil):
    said = json.loads(text)
    spoil(said)
    assert not Draft4Validator(SCHEMA).is_valid(said)


def test_the_library_reads_all_of_it_and_writes_the_same(text, document):
    again = json.loads(document.serialize(format="json"))
    said = json.loads(text)
    assert {kind: len(things) for kind, things in again.items()} == {kind: len(things) for kind, things in said.items()}
    assert again["entity"].keys() == said["entity"].keys()
    assert document == prov.ProvDocument.deserialize(content=json.dumps(again), format="json")


def test_whatever_a_relation_names_is_told(text):
    said = json.loads(text)
    known = {name for kind in ("entity", "activity", "agent") for name in said[kind]}
    ends = {
        value
        for kind, relations in said.items()
        if kind not in ("prefix", "entity", "activity", "agent")
        for relation in relations.values()
        for end, value in relation.items()
        if end != "prov:type"
    }
    assert ends <= known
    predecessors = [
        thing["pratique:predecessor"]["$"] for thing in said["entity"].values() if "pratique:predecessor" in thing
    ]
    assert len(predecessors) == 2
    assert set(predecessors) <= known


def test_the_model_derives_from_the_reference_and_accepted_rows_these_from_files_and_those_from_a_source(document):
    derived = pairs(document, prov.ProvDerivation)
    accepted = [f"data/accepted/crowd/w0{i}.parquet" for i in (1, 2, 3)]
    incoming = [f"data/incoming/crowd/w0{i}.csv" for i in (1, 2, 3)]
    assert derived == {
        *(("data/model/model.skops", rows) for rows in (*accepted, "configuration/reference")),
        *zip(accepted, incoming, strict=True),
        ("data/quarantine/crowd/w02/rows.parquet", "data/incoming/crowd/w02.csv"),
        ("data/quarantine/web/w01/w01.csv", "data/incoming/web/w01.csv"),
        *((file, "https://crowd.example/api") for file in incoming),
    }
    primary = [
        d for d in document.get_records(prov.ProvDerivation) if prov.PROV["PrimarySource"] in d.get_asserted_types()
    ]
    assert len(primary) == 3


def test_each_activity_has_used_and_made_what_the_record_says(document):
    used = pairs(document, prov.ProvUsage)
    assert ("validate crowd/w03", "data/decisions/a b.json") in used
    assert ("validate crowd/w02", "configuration/sources") in used
    assert ("train", "configuration/params") in used
    assert {file for activity, file in used if activity == "train" and file.startswith("data/")} == {
        f"data/accepted/crowd/w0{i}.parquet" for i in (1, 2, 3)
    }
    made = pairs(document, prov.ProvGeneration)
    assert ("data/records/web/w01.json", "validate web/w01") in made
    assert ("data/model/model.skops", "train") in made
    assert len(made) == 4 + 5 + 1  # records, outputs, the model


def test_owner_reviewer_and_program_are_the_agents(document):
    agents = {
        agent.label: {str(kind) for kind in agent.get_asserted_types()}
        for agent in document.get_records(prov.ProvAgent)
    }
    assert agents == {
        "data team": set(),
        "Rita <rita@example.org>": {"prov:Person"},
        "pratique 0": {"prov:SoftwareAgent"},
    }
    assert pairs(document, prov.ProvAttribution) == {
        *((f"data/incoming/crowd/w0{i}.csv", "data team") for i in (1, 2, 3)),
        ("data/decisions/a b.json", "Rita <rita@example.org>"),
    }
    assert {agent for _, agent in pairs(document, prov.ProvAssociation)} == {"pratique 0"}


def test_a_version_of_a_file_is_a_thing_of_its_own(run):
    """A model that learned from rows that are no longer the accepted ones does not derive from what is here."""
    said = json.loads(MANIFEST.read_text(encoding="utf-8"))
    said["batches"][0]["sha256"] = "9" * 64
    write_json(MANIFEST, seal({key: value for key, value in said.items() if key != SEAL}))
    document = json.loads(prov_document(read_last_run(), "team"))
    versions = [name for name in document["entity"] if "accepted/crowd/w01" in name]
    assert len(versions) == 2
    assert {
        name for name in versions if any(name == d["prov:usedEntity"] for d in document["wasDerivedFrom"].values())
    } == {f"here:data/accepted/crowd/w01.parquet@{'9' * 64}"}


def test_no_text_of_a_batch_and_no_time_is_told(text):
    assert "a cell that nobody may see" not in text
    assert not [name for name in ("prov:time", "prov:startTime", "prov:endTime") if name in text]


def test_the_same_run_gives_the_same_bytes(run, text):
    assert prov_document(read_last_run(), "team") == text


def test_a_namespace_keeps_two_repositories_apart(run):
    prefixes = [json.loads(prov_document(read_last_run(), name))["prefix"]["here"] for name in ("team", "a b/c:d")]
    assert prefixes == ["urn:pratique:team:", "urn:pratique:a%20b%2Fc%3Ad:"]
