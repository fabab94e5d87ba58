"""OpenLineage events: every one is built again from the official client's classes, which are made from the schemas."""

import json
import types
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import attr
import pytest
from openlineage.client import event_v2 as spec
from openlineage.client import facet_v2 as facets
from pratique import __version__
from pratique.decisions import ledger
from pratique.lineage.last_run import read_last_run
from pratique.lineage.openlineage import EventWriter
from pratique.results.records import read_records
from pratique.training.manifest import MANIFEST

TIME = "2026-10-19T14:21:00+02:00"
FACETS = {
    "dataQualityAssertions": facets.data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
    "dataSource": facets.datasource_dataset.DatasourceDatasetFacet,
    "documentation": facets.documentation_dataset.DocumentationDatasetFacet,
    "inputStatistics": facets.input_statistics_input_dataset.InputStatisticsInputDatasetFacet,
    "jobType": facets.job_type_job.JobTypeJobFacet,
    "outputStatistics": facets.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "ownership": facets.ownership_dataset.OwnershipDatasetFacet,
    "parent": facets.parent_run.ParentRunFacet,
    "processing_engine": facets.processing_engine_run.ProcessingEngineRunFacet,
    "version": facets.dataset_version_dataset.DatasetVersionDatasetFacet,
}
TAGS = {facets.RunFacet: facets.tags_run.TagsRunFacet, facets.DatasetFacet: facets.tags_dataset.TagsDatasetFacet}
ALWAYS_REQUIRED = {"producer", "schemaURL", "_producer", "_schemaURL"}
"""What the schemas require and the client fills in."""


def conform(value: Any, kind: Any, place: str = "event") -> Any:
    """Build what a JSON value stands for; anything that the class does not declare is an error."""
    if kind is Any:
        return value
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    if attr.has(kind):
        return conform_object(value, kind, place)
    if get_origin(kind) is list:
        assert type(value) is list, place
        return [conform(item, get_args(kind)[0], f"{place}/{i}") for i, item in enumerate(value)]
    if get_origin(kind) is dict:
        assert type(value) is dict, place
        return {key: conform(item, kind_of(key, get_args(kind)[1]), f"{place}/{key}") for key, item in value.items()}
    if issubclass(kind, Enum):
        return kind(value)
    assert type(value) is kind, f"{place}: {value!r} is no {kind}"
    return value


def kind_of(key: str, base: type) -> type:
    """The class of a facet, which must be one that may stand there."""
    found = TAGS[base] if key == "tags" else FACETS[key]
    assert issubclass(found, base), key
    return found


def conform_object(value: Any, kind: type, place: str) -> Any:
    assert type(value) is dict, place
    hints, fields = get_type_hints(kind), {field.name: field for field in attr.fields(kind)}
    required = {name for name, field in fields.items() if name in ALWAYS_REQUIRED or field.default is attr.NOTHING}
    assert required <= value.keys() <= fields.keys(), f"{place}: {required ^ value.keys()}"
    given = {
        fields[name].alias: conform(item, hints[name], f"{place}/{name}")
        for name, item in value.items()
        if fields[name].init
    }
    built = kind(**given)
    for name in ALWAYS_REQUIRED & value.keys():
        assert getattr(built, name) == value[name], f"{place}/{name}"
        assert urlsplit(value[name]).scheme, f"{place}/{name}"
    return built


def told(namespace="team", time=TIME):
    text = EventWriter(namespace, time).text(read_last_run())
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def complete(events, job):
    """The last event of a job."""
    return [event for event in events if event["job"]["name"] == job][-1]


def tags(facet_set):
    return {tag["key"]: tag["value"] for tag in facet_set["tags"]["tags"]}


def names(event, side):
    return [dataset["name"] for dataset in event[side]]


def test_every_event_is_one_of_the_specification(run):
    events = [conform(event, spec.RunEvent) for event in told()]
    assert len(events) == 2 + 2 * 4 + 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda event: event.pop("eventTime"),
        lambda event: event.update(eventTime="yesterday"),
        lambda event: event.update(remark="x"),
        lambda event: event["run"].update(runId="1"),
        lambda event: event["job"].pop("namespace"),
        lambda event: event["inputs"][0]["facets"]["version"].pop("_schemaURL"),
        lambda event: event["inputs"][0]["facets"]["version"].update(datasetVersion=1),
        lambda event: event["inputs"][0]["facets"].update(event["inputs"][0].pop("inputFacets")),
        lambda event: event["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"][0].update(success="yes"),
    ],
    ids=["time", "no time", "key", "uuid", "namespace", "schema", "type", "place", "boolean"],
)
def test_the_test_finds_what_breaks_the_specification(run, spoil):
    event = complete(told(), "validate.crowd/w02")
    spoil(event)
    with pytest.raises((AssertionError, ValueError)):
        conform(event, spec.RunEvent)


def test_each_run_starts_once_and_completes_once_within_the_pipeline(run):
    events = told()
    jobs = ["pratique", *(f"validate.{batch}" for batch in run.records), "train"]
    assert sorted({event["job"]["name"] for event in events}) == sorted(jobs)
    for job in jobs:
        own = [event for event in events if event["job"]["name"] == job]
        assert [event["eventType"] for event in own] == ["START", "COMPLETE"]
        assert len({event["run"]["runId"] for event in own}) == 1
    assert (events[0]["job"]["name"], events[-1]["job"]["name"]) == ("pratique", "pratique")
    whole = {"run": {"runId": events[0]["run"]["runId"]}, "job": {"namespace": "team", "name": "pratique"}}
    for event in events[1:-1]:
        parent = event["run"]["facets"]["parent"]
        assert {key: parent[key] for key in whole} == whole
    assert len({event["run"]["runId"] for event in events}) == len(jobs)
    assert {event["eventTime"] for event in events} == {TIME}


def test_the_graph_leads_from_the_file_that_came_in_to_the_model(run):
    events = told()
    released = complete(events, "validate.crowd/w03")
    assert names(released, "inputs") == ["data/incoming/crowd/w03.csv", "data/decisions/a b.json"]
    assert names(released, "outputs") == ["data/accepted/crowd/w03.parquet", "data/records/crowd/w03.json"]
    train = complete(events, "train")
    assert names(train, "inputs") == ["data/reference", *(f"data/accepted/crowd/w0{i}.parquet" for i in (1, 2, 3))]
    assert names(train, "outputs") == ["data/model/model.skops"]
    made = {out["name"]: out["facets"]["version"]["datasetVersion"] for event in events for out in event["outputs"]}
    for read in train["inputs"][1:]:
        assert read["facets"]["version"]["datasetVersion"] == made[read["name"]]


def test_a_batch_carries_who_delivered_it_and_what_was_measured(run, listed):
    batch, *_ = complete(told(), "validate.crowd/w02")["inputs"]
    record = run.records["crowd/w02"]
    said = batch["facets"]
    assert said["version"]["datasetVersion"] == record.sha256
    assert said["ownership"]["owners"] == [{"name": listed.owner, "type": "OWNER"}]
    assert said["dataSource"] | {"name": "crowd", "uri": "https://crowd.example/api"} == said["dataSource"]
    before = run.records["crowd/w01"]
    assert tags(said) == {
        "licence": "CC BY 4.0",
        "predecessor": "data/incoming/crowd/w01.csv",
        "predecessor.sha256": before.sha256,
    }
    measured = batch["inputFacets"]
    assert measured["inputStatistics"]["rowCount"] == 40
    assert measured["dataQualityAssertions"]["assertions"] == [
        {"assertion": "labels", "success": True, "expected": "at most 1.0 nats a row", "actual": "0.5 nats a row"},
        {"assertion": "schema", "success": True, "expected": "at most 0.1 share", "actual": "0.075 share"},
    ]


def test_rows_are_counted_where_they_went(run):
    outputs = {out["name"]: out for event in told() for out in event["outputs"]}
    counts = {
        name: out["outputFacets"]["outputStatistics"].get("rowCount")
        for name, out in outputs.items()
        if "outputFacets" in out
    }
    assert counts == {
        "data/accepted/crowd/w01.parquet": 40,
        "data/accepted/crowd/w02.parquet": 37,
        "data/quarantine/crowd/w02/rows.parquet": 3,
        "data/accepted/crowd/w03.parquet": 40,
        "data/quarantine/web/w01/w01.csv": None,
    }


def test_a_run_says_its_verdict_its_configuration_and_its_line_of_the_ledger(run):
    events = told()
    entry = read_last_run().entries["crowd/w02"]
    facet_set = complete(events, "validate.crowd/w02")["run"]["facets"]
    assert facet_set["processing_engine"]["version"] == "0"  # the record's, not the exporter's
    assert tags(facet_set) == {
        "verdict": "partial",
        "outcome": "accepted",
        "reasons": "",
        "p_value": "1e-06",
        "seed": "0",
        "ledger.index": "1",
        "ledger.sha256": entry.sha256,
        "configuration.params": "1" * 64,
        "configuration.sources": "5" * 64,
    }
    assert events[0]["producer"] == f"urn:pratique:program:{__version__}"
    assert tags(complete(events, "train")["run"]["facets"])["model"] == "random_forest"


def test_a_decision_belongs_to_its_reviewer(run):
    _, decision = complete(told(), "validate.crowd/w03")["inputs"]
    assert decision["facets"]["ownership"]["owners"] == [{"name": "Rita <rita@example.org>", "type": "REVIEWER"}]
    assert decision["facets"]["documentation"]["description"] == "release: seen"


def test_a_source_that_is_not_listed_has_no_owner(run):
    (batch,) = complete(told(), "validate.web/w01")["inputs"]
    assert "ownership" not in batch["facets"]
    assert tags(batch["facets"]) == {}


def test_no_text_of_a_batch_is_told(run):
    assert "a cell that nobody may see" not in json.dumps(told())


def test_ids_follow_from_what_was_run_and_from_nothing_else(run):
    def ids(**parts):
        return [event["run"]["runId"] for event in told(**parts)]

    assert ids() == ids(time="2027-01-01T00:00:00+00:00")
    assert not set(ids()) & set(ids(namespace="another team"))
    before = ids()
    MANIFEST.unlink()
    assert ids()[1:-1] == before[1:-3]  # the pipeline's own run is another without a model


def test_hostile_words_stay_text(run, listed):
    hostile = '"}\n{"'
    run.rewrite("web/w01", source_entry=listed.model_copy(update={"owner": hostile}))
    ledger.append(read_records())
    event = complete(told(), "validate.web/w01")
    assert event["inputs"][0]["facets"]["ownership"]["owners"][0]["name"] == hostile
    conform(event, spec.RunEvent)
