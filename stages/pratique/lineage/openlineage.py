"""The last run as OpenLineage events (openlineage.io, specification 2-0-2), a line of JSON each.

Each batch has a job of its own, which reads the file that came in and writes accepted rows, quarantined rows and the
record; a job `train` reads accepted rows and writes the model; both are children of the job `pratique`. Each job has
one run, of two events. No text of a batch is told: of a check only its name, its numbers and whether it let the batch
pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pratique.core.hashing import sha256_file, sha256_json
from pratique.core.version import __version__
from pratique.core.writing import json_text
from pratique.decisions.ledger import Entry
from pratique.lineage.last_run import URI_PATTERN, LastRun, identify, is_accepted
from pratique.provenance.parts import CheckRecord, FileDescriptor
from pratique.provenance.record import Record
from pratique.training.manifest import Manifest, list_learned

PRODUCER = f"urn:pratique:program:{__version__}"
SPECIFICATION = "https://openlineage.io/spec"
PIPELINE_JOB = "pratique"

Json = dict[str, Any]


@dataclass(frozen=True)
class JobRun:
    """A run of one job."""

    job: str
    kind: str
    run: str
    facets: Json
    inputs: tuple[Json, ...] = ()
    outputs: tuple[Json, ...] = ()


@dataclass(frozen=True)
class EventWriter:
    """Writes the events of a run: their namespace, and the time of each."""

    namespace: str
    time: str

    def text(self, run: LastRun) -> str:
        """The events of the pipeline, of each batch and of training, in order."""
        model = run.model and run.model.sha256
        whole = self.identify(PIPELINE_JOB, [run.entries[record.batch].sha256 for record in run.records], model)
        parts = [self._validation(record, run.entries[record.batch], whole) for record in run.records]
        parts += [self._training(run.model, whole)] if run.model else []
        pipeline = JobRun(PIPELINE_JOB, "DAG", whole, {"processing_engine": _engine(__version__)})
        told = [self._event("START", pipeline)]
        told += [self._event(state, part) for part in parts for state in ("START", "COMPLETE")]
        told.append(self._event("COMPLETE", pipeline))
        return "".join(f"{json_text(event)}\n" for event in told)

    def identify(self, job: str, *digests: Any) -> str:
        """The id of a job's run: it follows from what the run is about."""
        return identify(self.namespace, job, *digests)

    def _event(self, state: str, run: JobRun) -> Json:
        """A run event; a quarantined batch completes, because a verdict is data."""
        job_type = _facet("JobTypeJobFacet", "2-0-4", processingType="BATCH", integration="PRATIQUE", jobType=run.kind)
        return {
            "eventType": state,
            "eventTime": self.time,
            "run": {"runId": run.run, "facets": run.facets},
            "job": {"namespace": self.namespace, "name": run.job, "facets": {"jobType": job_type}},
            "inputs": list(run.inputs),
            "outputs": list(run.outputs) if state == "COMPLETE" else [],
            "producer": PRODUCER,
            "schemaURL": f"{SPECIFICATION}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        }

    def _parent(self, whole: str) -> Json:
        job = {"namespace": self.namespace, "name": PIPELINE_JOB}
        return _facet("ParentRunFacet", "1-2-0", run={"runId": whole}, job=job)

    def _validation(self, record: Record, entry: Entry, whole: str) -> JobRun:
        said = {
            "verdict": record.verdict,
            "outcome": record.outcome,
            "reasons": ";".join(record.reason_codes),
            "p_value": str(record.p_value),
            "seed": str(record.tool.seed),
            "ledger.index": str(entry.index),
            "ledger.sha256": entry.sha256,
            **{f"configuration.{name}": sha256 for name, sha256 in record.digests.items()},
        }
        job = f"validate.{record.batch}"
        return JobRun(
            job,
            "TASK",
            self.identify(job, sha256_json(record.to_statement())),
            {
                "parent": self._parent(whole),
                "processing_engine": _engine(record.tool.version),
                "tags": _tags("TagsRunFacet", said),
            },
            (self._batch(record), *self._decisions(record)),
            (
                *(self._output(record, out) for out in record.outputs),
                self._dataset(record.path.as_posix(), sha256_file(record.path)),
            ),
        )

    def _training(self, model: Manifest, whole: str) -> JobRun:
        known = {"model": model.model, "seed": model.seed, "configuration.params": model.params}
        said = {name: str(value) for name, value in known.items() if value is not None}
        return JobRun(
            "train",
            "TASK",
            self.identify("train", model.sha256, list_learned(model)),
            {
                "parent": self._parent(whole),
                "processing_engine": _engine(model.version),
                "tags": _tags("TagsRunFacet", said),
            },
            tuple(self._dataset(name, sha256) for name, sha256 in list_learned(model)),
            (self._dataset(model.path, model.sha256),),
        )

    def _dataset(self, name: str, sha256: str, **facets: Json) -> Json:
        version = _facet("DatasetVersionDatasetFacet", "1-0-1", datasetVersion=sha256)
        return {"namespace": self.namespace, "name": name, "facets": {"version": version, **facets}}

    def _batch(self, record: Record) -> Json:
        """The file that came in, with who delivered it and what was measured."""
        assertions = [_assertion(check) for check in record.checks]
        measured = {
            "inputStatistics": _facet("InputStatisticsInputDatasetFacet", "1-0-0", rowCount=record.rows, fileCount=1),
            "dataQualityAssertions": _facet("DataQualityAssertionsDatasetFacet", "1-1-0", assertions=assertions),
        }
        return {**self._dataset(record.file, record.sha256, **_describe_source(record)), "inputFacets": measured}

    def _decisions(self, record: Record) -> Iterator[Json]:
        for said in record.decisions:
            told = _facet("DocumentationDatasetFacet", "1-1-0", description=f"{said.action}: {said.reason}")
            facets = {"documentation": told, "ownership": _ownership(said.reviewer, "REVIEWER")}
            yield self._dataset(said.path, said.sha256, **facets)

    def _output(self, record: Record, out: FileDescriptor) -> Json:
        rows = record.counts.accepted if is_accepted(out) else record.counts.quarantined
        counted = {"fileCount": 1} if record.fault else {"rowCount": rows, "fileCount": 1}
        statistics = _facet("OutputStatisticsOutputDatasetFacet", "1-0-2", **counted)
        return {**self._dataset(out.name, out.sha256), "outputFacets": {"outputStatistics": statistics}}


def _facet(name: str, version: str, /, **fields: Any) -> Json:
    schema = f"{SPECIFICATION}/facets/{version}/{name}.json#/$defs/{name}"
    return {"_producer": PRODUCER, "_schemaURL": schema, **fields}


def _engine(version: str) -> Json:
    return _facet("ProcessingEngineRunFacet", "1-1-1", version=version, name="pratique")


def _tags(facet: str, said: dict[str, str]) -> Json:
    return _facet(
        facet, "1-0-0", tags=[{"key": key, "value": value, "source": "pratique"} for key, value in said.items()]
    )


def _ownership(name: str, kind: str) -> Json:
    return _facet("OwnershipDatasetFacet", "1-0-1", owners=[{"name": name, "type": kind}])


def _describe_source(record: Record) -> Json:
    """Facets of a batch: what the inventory says of its source, and the batch before it."""
    entry, before = record.source_entry, record.predecessor
    tags = {} if before is None else {"predecessor": before.name, "predecessor.sha256": before.sha256}
    source = {"name": record.source}
    facets = {}
    if entry is not None:
        tags |= {"licence": entry.licence}
        source |= {"uri": entry.origin} if URI_PATTERN.fullmatch(entry.origin) else {}
        told = f"Origin: {entry.origin}. Labels: {entry.labels}."
        facets["ownership"] = _ownership(entry.owner, "OWNER")
        facets["documentation"] = _facet("DocumentationDatasetFacet", "1-1-0", description=told)
    facets["dataSource"] = _facet("DatasourceDatasetFacet", "1-0-1", **source)
    facets["tags"] = _tags("TagsDatasetFacet", tags)
    return facets


def _assertion(check: CheckRecord) -> Json:
    """What a check measured, without what it says of rows."""
    told: Json = {"assertion": check.id, "success": check.success}
    if check.limit is not None:
        told["expected"] = f"at most {check.limit} {check.unit}".rstrip()
    if check.observed is not None:
        told["actual"] = f"{check.observed} {check.unit}".rstrip()
    return told
