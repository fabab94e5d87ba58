"""The sample on a fresh clone: `dvc repro` once, then everything that the contract and the laws promise about it."""

import csv
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator
from pratique.core.hashing import sha256_file
from pratique.core.params import load
from pratique.provenance.record import Record
from pratique.quarantine.store import REASON_COLUMN, ROW_COLUMN
from pratique.results.answers import SUCCESS
from pratique.results.measures import COMPARED_MODELS
from pratique.scaffold.pipeline import STAGES
from pratique.scaffold.samples.spam import SPAM_BATCHES
from pratique.tables.reading import read_table
from ruamel.yaml import YAML

REPOSITORY = Path(__file__).parents[2]
PLANS = {plan.name: plan for plan in SPAM_BATCHES}
POISONED = sorted(name for name, plan in PLANS.items() if plan.attack)
CLEAN = sorted(name for name, plan in PLANS.items() if not (plan.attack or plan.classes))
(HONEST,) = (name for name, plan in PLANS.items() if plan.classes)
RECORD_SCHEMA = json.loads((REPOSITORY / "stages/pratique/provenance/record.schema.json").read_text(encoding="utf-8"))
NOT_COPIED = ("data/.cache", ".dvc/cache", ".dvc/tmp")


@pytest.fixture(scope="module")
def clone(new_project):
    """What a clone of this checkout holds, committed, and nothing else."""
    project = new_project()
    for name in listed("ls-files", "-z", "--cached", "--others", "--exclude-standard"):
        if (REPOSITORY / name).is_file() and not name.startswith(NOT_COPIED):
            shutil.copyfile(REPOSITORY / name, project.path(name))
    project.commit()
    return project


@pytest.fixture(scope="module")
def committed(clone):
    """The lock as it is committed, before anything has run."""
    return read_yaml(clone.root / "dvc.lock")


@pytest.fixture(scope="module")
def repro(clone, committed):
    """What `dvc repro` says, with the committed reports taken away so that it has to write them again."""
    for file in [clone.root / "data/reports/metrics.json", *(clone.root / "data/reports/confusion").glob("*")]:
        file.unlink(missing_ok=True)
    return clone.run("dvc", "repro")


@pytest.fixture(scope="module")
def done(clone, repro):
    """The clone after `dvc repro`; only read it."""
    assert repro.code == 0, repro
    return clone


@pytest.fixture(scope="module")
def verdicts(done):
    with (done.root / "data/reports/batches.csv").open(encoding="utf-8", newline="") as stream:
        return {line["batch"]: line for line in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def records(done):
    folder = done.root / "data/records"
    return {
        path.relative_to(folder).with_suffix("").as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in folder.glob("*/*.json")
    }


def listed(*words):
    """Names that git prints, separated by NUL."""
    git = subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, check=True)
    return sorted(name for name in git.stdout.decode().split("\0") if name)


def read_yaml(path):
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def outs(lock, stage):
    return {out["path"]: out["md5"] for out in lock["stages"][stage]["outs"]}


def given(lock, stage, made):
    """What a stage starts from: its command, its params, and files that no stage makes."""
    said = lock["stages"][stage]
    files = {dep["path"]: dep["md5"] for dep in said["deps"] if dep["path"] not in made}
    return said["cmd"], said.get("params"), files


# one run, and another


def test_dvc_repro_succeeds_and_runs_every_stage(repro):
    assert repro.code == 0, repro
    for stage in STAGES:
        assert f"Running stage '{stage.name}'" in repro.out


@pytest.mark.parametrize("stage", [stage.name for stage in STAGES])
def test_the_committed_lock_is_of_this_code_and_this_data(done, committed, stage):
    made = {out for name in committed["stages"] for out in outs(committed, name)}
    assert given(read_yaml(done.root / "dvc.lock"), stage, made) == given(committed, stage, made)


def test_what_is_let_in_is_the_same_on_every_machine(done, committed):
    """Unlike the last digits of what is measured, which follow from the kind of processor."""
    lock = read_yaml(done.root / "dvc.lock")
    for stage, out in (("ingest", "data/batches"), ("validate", "data/accepted")):
        assert outs(lock, stage)[out] == outs(committed, stage)[out]
    changed = {line[3:] for line in done.ok("git", "status", "--porcelain").splitlines()}
    assert {name for name in changed if not name.startswith("data/reports/")} <= {"dvc.lock", "data/ledger.jsonl"}


def test_a_second_run_says_that_nothing_changed(done):
    said = done.ok("dvc", "repro")
    assert "Data and pipelines are up to date." in said
    assert "Running stage" not in said
    for stage in STAGES:
        assert f"Stage '{stage.name}' didn't change, skipping" in said


def test_every_output_is_where_the_pipeline_declares_it(done):
    declared = [out if isinstance(out, str) else next(iter(out)) for s in STAGES for out in (*s.outs, *s.metrics)]
    by_hand = ("data/README.md", "data/sources.yaml", "data/standing.jsonl", "data/truth.csv")
    kept = {
        *done.contents("data/incoming", "data/reference", "data/holdout", "data/decisions", "data/baseline", *by_hand)
    }
    for path in set(done.contents("data")) - kept:
        assert path.startswith((*declared, "data/.cache/")) or path.endswith(".gitignore")


def test_status_names_every_quarantined_batch(done, verdicts):
    said = done.ok("pratique", "status")
    listed = {line.split(" ")[0] for line in said.splitlines()}
    for name, line in verdicts.items():
        assert (name in listed) == (line["verdict"] != "accept" or bool(line["alarms"])), name


# what is caught


def test_every_batch_is_judged(verdicts):
    assert list(verdicts) == sorted(PLANS)


@pytest.mark.parametrize("name", POISONED)
def test_a_poisoned_batch_is_quarantined(verdicts, name):
    assert (verdicts[name]["verdict"], verdicts[name]["outcome"]) == ("quarantine", "quarantined")
    assert float(verdicts[name]["p_value"]) < 0.01


@pytest.mark.parametrize("name", sorted(CLEAN))
def test_a_clean_batch_is_accepted(verdicts, name):
    assert verdicts[name]["outcome"] == "accepted"


def test_a_delivery_that_comes_twice_is_judged_alike(verdicts):
    (again,) = (plan for plan in PLANS.values() if plan.repeats)
    first, second = verdicts[again.repeats], verdicts[again.name]
    assert {key for key in first if first[key] != second[key]} == {"batch", "alarms"}
    assert (first["alarms"], second["alarms"], second["outcome"]) == ("", "resent", "accepted")


def test_honest_change_is_held_for_shift_alone_if_at_all(verdicts):
    line = verdicts[HONEST]
    assert line["outcome"] == "accepted" or line["alarms"] == "shift"


def test_the_gate_does_not_cost_accuracy(done):
    metrics = json.loads((done.root / "data/reports/metrics.json").read_text(encoding="utf-8"))
    assert metrics["accepted"]["accuracy"] >= metrics["everything"]["accuracy"]


# the tables


def test_batches_csv_is_the_contract_s(done, verdicts):
    header = (done.root / "data/reports/batches.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "batch,source,sha256,rows,verdict,p_value,alarms,suspects,decision,outcome"
    for name, line in verdicts.items():
        file = done.root / f"data/incoming/{name}.csv"
        assert line["source"] == PLANS[name].source
        assert line["sha256"] == sha256_file(file)
        assert int(line["rows"]) == read_table(file).num_rows
        assert line["verdict"] in ("accept", "partial", "quarantine")
        assert line["outcome"] == ("quarantined" if line["verdict"] == "quarantine" else "accepted")
        assert 0 <= float(line["p_value"]) <= 1
        assert 0 <= int(line["suspects"]) <= int(line["rows"])
        assert bool(line["alarms"]) == (line["verdict"] == "quarantine" or line["alarms"] == "resent")


def test_rows_parquet_has_every_row_once(done, verdicts):
    table = pq.read_table(done.root / "data/reports/rows.parquet")
    assert table.column_names == ["batch", "row", "score", "p_value", "quarantined", "reason"]
    assert not any(table[name].null_count for name in table.column_names if name != "reason")
    got = list(zip(table["batch"].to_pylist(), table["row"].to_pylist(), strict=True))
    assert got == [(name, row) for name, line in verdicts.items() for row in range(int(line["rows"]))]
    assert np.isfinite(table["score"].to_numpy()).all()
    p_values = table["p_value"].to_numpy()
    assert ((p_values >= 0) & (p_values <= 1)).all()


def test_rows_parquet_says_what_is_quarantined(done, verdicts):
    table = pq.read_table(done.root / "data/reports/rows.parquet").to_pandas()
    for name, line in verdicts.items():
        own = table.loc[table["batch"] == name]
        held, suspect = own["quarantined"], own["reason"].notna()
        assert held.sum() == {"quarantine": len(held), "accept": 0, "partial": int(line["suspects"])}[line["verdict"]]
        assert suspect.sum() == int(line["suspects"])
        assert not (suspect & ~held).any()


def test_metrics_json_has_two_levels_of_numbers(done, verdicts):
    metrics = json.loads((done.root / "data/reports/metrics.json").read_text(encoding="utf-8"))
    compared = [*COMPARED_MODELS, "gate", "new_data"]
    assert list(metrics) == [*compared, "batches", "rows", "review"]
    measures = ["accuracy", "precision_macro", "recall_macro", "f1_macro", "recall_ham", "recall_spam", "auc"]
    for part in compared:
        assert list(metrics[part]) == [f"{m}{end}" for m in (*measures, SUCCESS) for end in ("", "_low", "_high")]
        assert all(type(value) is float and -1 <= value <= 1 for value in metrics[part].values())
        for name in measures:
            assert metrics[part][f"{name}_low"] <= metrics[part][name] <= metrics[part][f"{name}_high"]
    quarantined = [line["outcome"] == "quarantined" for line in verdicts.values()]
    assert metrics["batches"] == {"accepted": quarantined.count(False), "quarantined": quarantined.count(True)}
    held = pq.read_table(done.root / "data/reports/rows.parquet")["quarantined"].to_pylist()
    assert metrics["rows"] == {"accepted": held.count(False), "quarantined": held.count(True)}


@pytest.mark.parametrize("model", COMPARED_MODELS)
def test_a_confusion_matrix_agrees_with_the_metrics(done, model):
    with (done.root / f"data/reports/confusion/{model}.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    holdout = read_table(done.root / "data/holdout/spam.csv")
    assert [line["actual"] for line in lines] == holdout["class"].to_pylist()
    assert len(lines) == 1000
    assert all(list(line) == ["actual", "predicted"] for line in lines)
    metrics = json.loads((done.root / "data/reports/metrics.json").read_text(encoding="utf-8"))
    right = np.mean([line["actual"] == line["predicted"] for line in lines])
    trainings = metrics[model]  # their mean; the matrix is of the first
    assert trainings["accuracy_low"] <= right <= trainings["accuracy_high"]


def test_dvc_reads_metrics_and_plots(done):
    shown = json.loads(done.ok("dvc", "metrics", "show", "--json"))
    for file in ("data/reports/metrics.json", "data/reports/audit.json", "data/reports/drill/metrics.json"):
        metrics = json.loads((done.root / file).read_text(encoding="utf-8"))
        assert shown[""]["data"][file]["data"] == metrics
    plots = json.loads(done.ok("dvc", "plots", "show", "--json"))["data"]
    curves = [name for name in plots if name.startswith(("data/reports/drill/recall/", "data/reports/drill/damage/"))]
    assert sorted(set(plots) - set(curves)) == [
        f"data/reports/confusion/{model}.csv" for model in sorted(COMPARED_MODELS)
    ]
    assert len(curves) == 2 * len(load(done.root / "params.yaml").drill.attacks)


# records


def test_every_batch_has_one_record_that_its_schema_accepts(records):
    assert sorted(records) == sorted(PLANS)
    validator = Draft202012Validator(RECORD_SCHEMA)
    for record in records.values():
        validator.validate(record)
        assert Record.from_statement(record, "it").to_statement() == record


def test_a_record_says_what_the_table_says(done, records, verdicts):
    for name, record in records.items():
        predicate, line = record["predicate"], verdicts[name]
        file = f"data/incoming/{name}.csv"
        assert record["subject"] == [{"name": file, "digest": {"sha256": sha256_file(done.root / file)}}]
        assert predicate["batch"]["id"] == name
        assert predicate["verdict"] == line["verdict"]
        assert predicate["reasonCodes"] == [code for code in line["alarms"].split(";") if code]
        assert predicate["pValue"] == float(line["p_value"])
        assert sum(predicate["rows"].values()) == int(line["rows"]) == predicate["batch"]["rows"]
        assert predicate["suspectsLeftOut"] + len(predicate["suspects"]) == int(line["suspects"])


def test_the_outputs_of_a_record_are_the_files_that_are_there(done, records):
    listed = [out for record in records.values() for out in record["predicate"]["outputs"]]
    outputs = {out["name"]: out["digest"]["sha256"] for out in listed}
    stored = done.contents("data/accepted", "data/quarantine")
    assert sorted(outputs) == sorted(stored)
    assert outputs == {path: sha256_file(done.root / path) for path in stored}


# nothing lost, nothing twice


def as_came(table):
    """Rows by what their cells hold, whether as text or as numbers; the class is the last."""
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return [(*map(float, numbers), kind) for *numbers, kind in rows]


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_row_is_in_exactly_one_of_accepted_and_quarantine(done, records, name):
    came = read_table(done.root / f"data/incoming/{name}.csv")
    accepted, held = done.root / f"data/accepted/{name}.parquet", done.root / f"data/quarantine/{name}/rows.parquet"
    positions = []
    if held.is_file():
        table = pq.read_table(held)
        positions = table[ROW_COLUMN].to_pylist()
        assert all(table[REASON_COLUMN].to_pylist())
        assert as_came(table.select(came.column_names)) == as_came(came.take(positions))
    rest = [row for row in range(came.num_rows) if row not in positions]
    assert len(set(positions)) == len(positions)
    if accepted.is_file():
        table = pq.read_table(accepted)
        assert sorted(table.column_names) == sorted(came.column_names)
        assert as_came(table.select(came.column_names)) == as_came(came.take(rest))
    else:
        assert rest == []
    assert records[name]["predicate"]["rows"] == {"accepted": len(rest), "quarantined": len(positions)}


# changing what came in


def test_deleting_a_quarantined_batch_leaves_train_untouched(done, tmp_path):
    project = done.copy(tmp_path / "project")
    name = POISONED[0]
    model = project.contents("data/model")
    (project.root / f"data/incoming/{name}.csv").unlink()
    said = project.ok("dvc", "repro")
    assert "Running stage 'ingest'" in said
    assert "Running stage 'validate'" in said
    assert "Stage 'train' didn't change, skipping" in said
    assert "Running stage 'evaluate'" in said
    assert project.contents("data/model") == model
    gone = f"data/quarantine/{name}/rows.parquet", f"data/records/{name}.json"
    assert done.contents("data/quarantine", "data/records").keys() - set(gone) == set(
        project.contents("data/quarantine", "data/records")
    )
    assert not (project.root / f"data/quarantine/{name}").exists()
    assert name not in (project.root / "data/reports/batches.csv").read_text(encoding="utf-8")
