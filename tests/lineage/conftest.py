"""A run as it stands on disk: four batches of two sources, a release, a model."""

import hashlib
from dataclasses import dataclass

import pytest
from pratique.core import paths
from pratique.core.writing import write_text
from pratique.decisions import ledger
from pratique.provenance.parts import DecisionRecord, Digest, FileDescriptor
from pratique.quarantine.tables import BATCH_COLUMNS
from pratique.training.manifest import Manifest, TrainingFile

CELL = "a cell that nobody may see"
TABLE = "application/vnd.apache.parquet"
REVIEWER = "Rita <rita@example.org>"


def digest(name):
    """A digest for each name."""
    return hashlib.sha256(name.encode()).hexdigest()


def output(path, media_type=TABLE):
    return FileDescriptor(name=path, digest=Digest(sha256=digest(path)), media_type=media_type)


@dataclass(frozen=True)
class Written:
    """The records of a run, by batch, and how to change one."""

    records: dict
    list_written: object

    def rewrite(self, batch, **parts):
        """Write another record in the place of one, unknown to the ledger."""
        self.records[batch].model_copy(update=parts).write()
        self.list_written()


@pytest.fixture
def run(tmp_path, monkeypatch, make_record, alarm, listed, list_written):
    """Records, ledger, table and manifest in a folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    first = accepted(make_record, "crowd/w01", source_entry=listed)
    partial = make_record(
        batch="crowd/w02",
        sha256=digest("crowd/w02"),
        verdict="partial",
        outcome="accepted",
        held_rows=3,
        alarms=(),
        checks=(alarm("labels", alarm=False), alarm("schema", alarm=False, observed=0.075, limit=0.1, unit="share")),
        suspects={3: f"schema: {CELL}", 4: "schema: so", 5: "schema: so"},
        outputs=(output("data/accepted/crowd/w02.parquet"), output("data/quarantine/crowd/w02/rows.parquet")),
        configuration={"params": "1" * 64, "sources": "5" * 64},
        source_entry=listed,
        predecessor=first.subject,
    )
    release = DecisionRecord(
        action="release", reviewer=REVIEWER, reason="seen", path="data/decisions/a b.json", sha256=digest("release")
    )
    released = make_record(
        batch="crowd/w03",
        sha256=digest("crowd/w03"),
        outcome="accepted",
        held_rows=0,
        checks=(alarm("labels", breaches=(CELL,), fault=CELL, observed=None, limit=None),),
        decisions=(release,),
        outputs=(output("data/accepted/crowd/w03.parquet"),),
        source_entry=listed,
        predecessor=partial.subject,
    )
    torn = make_record(
        batch="web/w01",
        rows=0,
        columns=0,
        sha256=digest("web/w01"),
        fault=CELL,
        alarms=("unreadable",),
        checks=(),
        suspects={},
        outputs=(output("data/quarantine/web/w01/w01.csv", "application/octet-stream"),),
    )
    records = [first, partial, released, torn]
    for record in records:
        record.write()
    ledger.append(records)
    known = [{"batch": r.batch, "source": r.source, "rows": str(r.rows)} for r in records]
    lines = [",".join(each.get(column, "") for column in BATCH_COLUMNS) for each in known]
    write_text(paths.BATCHES_CSV, "\n".join([",".join(BATCH_COLUMNS), *lines]) + "\n")
    learned = tuple(
        TrainingFile(r.batch, r.outputs[0].name, r.outputs[0].sha256, r.sha256) for r in (first, partial, released)
    )
    model = "data/model/model.skops"
    Manifest("random_forest", model, digest("model"), "7" * 64, None, "8" * 64, 0, 117, "0", learned).save()
    list_written()
    return Written({record.batch: record for record in records}, list_written)


def accepted(make_record, batch, **parts):
    """A batch of which there is nothing to tell."""
    quiet = {"verdict": "accept", "outcome": "accepted", "alarms": (), "suspects": {}, "checks": (), "p_value": 0.5}
    outputs = (output(f"data/accepted/{batch}.parquet"),)
    return make_record(batch=batch, sha256=digest(batch), outputs=outputs, **quiet | parts)
