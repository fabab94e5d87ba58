"""A team's own model in real git and DVC: a factory that the pipeline trains, and a stage of the team's that trains."""

import json
import re
from importlib.util import find_spec

import pytest
from pratique.training.models import Model
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

FACTORIES = {
    "sklearn": """\
from sklearn.ensemble import HistGradientBoostingClassifier


def make(depth):
    return HistGradientBoostingClassifier(max_depth=depth, max_iter=10, early_stopping=False)
""",
    "xgboost": """\
from xgboost import XGBClassifier


def make(depth):
    return XGBClassifier(max_depth=depth, n_estimators=10, subsample=0.8)
""",
}
SECTION = "train:\n  estimator: team_model:make\n  params: {depth: 3}\n\n"
CHECKS = "checks: {schema: {}, labels: {}, leaks: {}}\n\n"
TRANSFER = (
    "drill: {attacks: {hardest_flip: {}}, rates: [0.2], repetitions: 1, retrainings: 2, batches: 2, rows: 20, "
    "transfer: [gradient_boosting]}\n"
)
OWN_STAGE = """\
from pathlib import Path
import pandas as pd

files = sorted(Path("quality/data/accepted").rglob("*.parquet"))
rows = pd.concat(map(pd.read_parquet, files))
Path("model.txt").write_text("\\n".join([str(len(rows)), *(file.stem for file in files)]))
"""
OWN_PIPELINE = """\
stages:
  train:
    cmd:
      - python train.py
    deps:
      - train.py
    outs:
      - model.txt
"""


def depend_on(project, file):
    """Paste the line that the docs give under each stage that trains."""
    yaml = YAML()
    place = project.path("dvc.yaml")
    pipeline = yaml.load(place.read_text(encoding="utf-8"))
    for stage in ("train", "evaluate", "audit", "drill", "report"):
        pipeline["stages"][stage]["deps"].append(file)
    with place.open("w", encoding="utf-8") as stream:
        yaml.dump(pipeline, stream)


@pytest.fixture(scope="module", params=FACTORIES)
def factory(request, prepared, make_rows, tmp_path_factory):
    """A project whose model comes from the team's factory: two good batches, a bad one, and every stage has run."""
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    project = prepared.copy(tmp_path_factory.mktemp("factory") / "project")
    text = (project.root / "params.yaml").read_text(encoding="utf-8")
    text = re.sub(r"train:\n.*?\n\n", SECTION, text, flags=re.DOTALL)
    text = text[: text.index("checks:")] + CHECKS + text[text.index("sources:") : text.index("drill:")] + TRANSFER
    project.path("params.yaml").write_text(text, encoding="utf-8")
    project.path("team_model.py").write_text(FACTORIES[request.param], encoding="utf-8")
    make_rows(40, 12, 0.5).to_csv(project.path("data/incoming/east/bad.csv"), index=False)
    project.ok("git", "init", "-q", "-b", "main")
    project.ok("dvc", "init", "-q")
    said = project.run("dvc", "repro", "-q", "train").err
    assert "train, evaluate, audit, drill, report: no dependency on team_model.py" in said
    depend_on(project, "team_model.py")
    project.ok("dvc", "repro", "-q")
    project.commit()
    return project


def test_a_factory_s_model_is_trained_priced_drilled_and_traced(factory):
    kind = type(Model.load(factory.root / "data/model/model.skops").classifier).__name__
    assert kind in FACTORIES["sklearn"] + FACTORIES["xgboost"]
    page = (factory.root / "data/reports/batches/east/bad.html").read_text(encoding="utf-8")
    assert "Accuracy if you let it in" in page
    assert "To be quick" not in page
    metrics = json.loads((factory.root / "data/reports/metrics.json").read_text(encoding="utf-8"))
    assert metrics["accepted"]["accuracy"] > 0.85
    drilled = json.loads((factory.root / "data/reports/drill/metrics.json").read_text(encoding="utf-8"))
    assert "gradient_boosting" in json.dumps(drilled)
    assert (factory.root / "data/reports/drill/artifacts/hardest_flip-20.skops").is_file()

    assert "row 3: accepted" in factory.ok("pratique", "trace", "east/first:3")
    assert "reached the model: team_model:make, sha256 " in factory.ok("pratique", "trace", "east/first:3")
    assert "did not reach the model" in factory.ok("pratique", "trace", "east/bad:3")
    assert "The model (team_model:make, sha256 " in factory.ok("pratique", "recall", "east")
    assert "a retrain would drop 30 of 260 rows" in factory.ok("pratique", "recall", "east")


def test_what_a_factory_makes_is_computed_again_to_the_byte(factory):
    done = factory.run("pratique", "verify", "--retrain")
    assert done.code == 0, done
    assert "model: computed" in done.out
    assert "metrics: computed" in done.out


def test_an_edit_of_the_factory_trains_again_and_verify_sees_one_that_did_not(factory, tmp_path):
    project = factory.copy(tmp_path / "project")
    before = json.loads((project.root / "data/model/manifest.json").read_text(encoding="utf-8"))
    code = project.path("team_model.py")
    code.write_text(code.read_text(encoding="utf-8").replace("10", "5"), encoding="utf-8")
    assert "learned from other rows or with other params" in project.run("pratique", "verify").out
    project.ok("dvc", "repro", "-q", "train")
    after = json.loads((project.root / "data/model/manifest.json").read_text(encoding="utf-8"))
    assert before["code"] != after["code"]
    assert before["sha256"] != after["sha256"]


def test_the_gate_runs_no_factory_and_a_change_of_data_brings_none(factory, make_rows, tmp_path):
    project = factory.copy(tmp_path / "project").by("sam")
    project.ok("git", "switch", "-q", "-c", "change")
    make_rows(40, 11).to_csv(project.path("data/incoming/east/good.csv"), index=False)
    project.path("team_model.py").write_text("open('ran', 'w')\n", encoding="utf-8")
    project.commit()
    done = project.run("pratique", "gate", "--base", "main", "--submitter", "sam@example.org")
    assert done.code == 1
    assert "team_model.py" in done.out
    assert not (project.root / "ran").exists()


@pytest.fixture(scope="module")
def beside(new_project, make_rows):
    """A repository whose own stage trains, with the gate beside it and the lines pasted that concern the rows."""
    project = new_project()
    project.ok("git", "init", "-q", "-b", "main")
    project.ok("dvc", "init", "-q")
    make_rows(200, 1).to_csv(project.path("trusted.csv"), index=False)
    project.path("train.py").write_text(OWN_STAGE, encoding="utf-8")
    done = project.pratique("init", "--into", "quality", "--from", "trusted.csv", "--label", "y")
    assert "Let its last command be `cd quality && pratique manifest MODEL`" in done.out, done
    params = project.path("quality/params.yaml")
    text = params.read_text(encoding="utf-8")
    params.write_text(text[: text.index("checks:")] + CHECKS + text[text.index("sources:") :], encoding="utf-8")
    pasted = OWN_PIPELINE.replace("deps:\n", "deps:\n      - quality/data/accepted\n")
    project.path("dvc.yaml").write_text(pasted, encoding="utf-8")
    make_rows(40, 11).to_csv(project.path("quality/data/incoming/east/good.csv"), index=False)
    make_rows(40, 12, 0.5).to_csv(project.path("quality/data/incoming/east/bad.csv"), index=False)
    make_rows(30, 13).to_csv(project.path("quality/data/incoming/west/good.csv"), index=False)
    project.ok("dvc", "repro", "-q")
    project.commit()
    return project


@pytest.fixture
def team(beside, tmp_path):
    return beside.copy(tmp_path / "team")


def test_a_stage_of_the_team_s_tells_by_a_manifest_what_its_model_learned_from(team, make_rows):
    here = team.in_folder("quality")
    unknown = "unknown: data/model/manifest.json is not here; `pratique train` (or `dvc repro`) writes it"
    for batch in ("east/good:3", "east/bad:3", "west/good"):
        said = here.pratique("trace", batch).out
        assert f"whether it reached the model is {unknown}" in said
        assert "did not reach" not in said
    assert f"Whether the model here learned from it is {unknown}." in here.pratique("recall", "east").out
    assert (
        "model: not verified: data/model/manifest.json is not here; `pratique train` (or `dvc repro`) writes it"
        in here.pratique("verify").out
    )

    text = (team.root / "dvc.yaml").read_text(encoding="utf-8")
    told = "train.py\n      - cd quality && pratique manifest ../model.txt\n    deps:"
    team.path("dvc.yaml").write_text(text.replace("train.py\n    deps:", told), encoding="utf-8")
    team.ok("dvc", "repro", "-q")
    team.commit()
    assert "reached the model: model.txt, sha256 " in here.pratique("trace", "east/good:3").out
    assert "did not reach the model" in here.pratique("trace", "east/bad:3").out
    said = here.pratique("recall", "east").out
    assert "The model (model.txt, sha256 " in said
    assert "a retrain would drop 40 of 70 rows" in said
    commit = team.ok("git", "rev-parse", "HEAD")[:12]
    assert re.search(rf"The model of commit {commit} \(.*, sha256 [0-9a-f]{{64}}\) learned from it\.", said)
    done = here.pratique("verify", "--retrain")
    assert done.code == 0, done
    assert "model: not verified: a stage of your own trained it; its manifest is computed" in done.out
    assert here.pratique("export", "openlineage").code == here.pratique("export", "prov").code == 0

    team.path("model.txt").unlink()
    team.path("model.txt").write_text("trained by hand")
    said = here.pratique("trace", "east/good:3").out
    assert "whether it reached the model is unknown: ../model.txt is not the model of its manifest" in said


def test_a_batch_that_leaves_is_no_longer_in_the_manifest_and_stays_in_that_of_the_past(team):
    here = team.in_folder("quality")
    for files in (["data/accepted"], ["data/accepted/west"]):
        rows = [word for place in files for word in ("--rows", place)]
        assert here.pratique("manifest", "../model.txt", *rows).code == 0
        team.commit()
    assert "did not reach the model" in here.pratique("trace", "east/good:3").out
    said = here.pratique("recall", "east").out
    assert "No model here learned from it." in said
    assert said.count("learned from it.\n") == 2  # one of the past did
