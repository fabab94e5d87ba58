"""The pipeline as DVC reads it: one description, for a team's repository and for this one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any

from pratique.contract.discovery import MEASURING
from pratique.core import paths
from pratique.results.measures import COMPARED_MODELS

PACKAGE_PATH = "stages/pratique"
CONFUSION_PLOT = {"template": "confusion", "x": "actual", "y": "predicted"}
CURVES = {
    paths.DRILL_RECALL: {"x": "rate", "y": ["batches_caught", "rows_caught"], "y_label": "share caught"},
    paths.DRILL_DAMAGE: {"x": "rate", "y": ["damage_without", "damage_with"], "y_label": "accuracy lost"},
}


@dataclass(frozen=True)
class Stage:
    """One stage: what it reads, which params it uses, what it writes, and the rooms of the package that it runs."""

    name: str
    deps: Sequence[Any]
    params: Sequence[str]
    outs: Sequence[Any]
    code: Sequence[str]
    metrics: Sequence[Any] = ()


def _persist(path: str, **flags: bool) -> dict[str, Any]:
    """What the stage brings to the right content itself, so that DVC need not delete it first."""
    return {path: {**flags, "persist": True}}


STAGES = (
    Stage(
        "calibrate",
        deps=[str(paths.REFERENCE), str(paths.HOLDOUT), "expectations"],
        params=["seed", "data", "limits", "checks"],
        outs=[str(paths.PROFILE)],
        code=MEASURING,
    ),
    Stage(
        "ingest",
        deps=[str(paths.INCOMING), str(paths.COLUMNS)],
        params=["data", "examination"],
        outs=[_persist(str(paths.BATCHES))],
        code=["core", "tables"],
    ),
    Stage(
        "validate",
        deps=[
            str(paths.PROFILE),
            str(paths.BATCHES),
            str(paths.REFERENCE),
            "expectations",
            str(paths.SOURCES),
            str(paths.DECISIONS),
            str(paths.STANDING),
        ],
        params=[
            "seed",
            "data",
            "alarms",
            "examination",
            "shift",
            "checks",
            "sources",
            "resent",
            "policy",
            "review",
            "signing",
        ],
        outs=[
            _persist(str(paths.ACCEPTED)),
            _persist(str(paths.QUARANTINE)),
            _persist(str(paths.LEDGER), cache=False),
            _persist(str(paths.RECORDS)),
            str(paths.BATCHES_CSV),
            str(paths.ROWS_PARQUET),
        ],
        code=[*MEASURING, "provenance", "decisions", "quarantine"],
    ),
    Stage(
        "train",
        deps=[str(paths.REFERENCE), str(paths.ACCEPTED), str(paths.COLUMNS)],
        params=["seed", "data", "train"],
        outs=[str(paths.MODEL)],
        code=["core", "statistics", "tables", "contract", "provenance", "training"],
    ),
    Stage(
        "evaluate",
        deps=[
            str(paths.MODEL),
            str(paths.BATCHES),
            str(paths.ACCEPTED),
            str(paths.BATCHES_CSV),
            str(paths.ROWS_PARQUET),
            str(paths.REFERENCE),
            str(paths.HOLDOUT),
            str(paths.COLUMNS),
        ],
        params=["seed", "data", "train", "evaluate"],
        outs=[{str(paths.CONFUSION): {"cache": False}}, {str(paths.TRIGGERS): {"cache": False}}],
        metrics=[{str(paths.METRICS_JSON): {"cache": False}}],
        code=["core", "statistics", "tables", "contract", "provenance", "training", "quarantine", "results"],
    ),
    Stage(
        "audit",
        deps=[
            str(paths.MODEL),
            str(paths.BASELINE),
            str(paths.METRICS_JSON),
            str(paths.TRIGGERS),
            str(paths.BATCHES),
            str(paths.ACCEPTED),
            str(paths.REFERENCE),
            str(paths.HOLDOUT),
            str(paths.COLUMNS),
        ],
        params=["seed", "data", "train", "audits", "requirements"],
        outs=[str(paths.AUDIT_PAGE)],
        metrics=[{str(paths.AUDIT_JSON): {"cache": False}}],
        code=[
            *MEASURING,
            "provenance",
            "decisions",
            "training",
            "quarantine",
            "results",
            "audits",
            "words",
            "dossier",
            "pages",
        ],
    ),
    Stage(
        "drill",
        deps=[str(paths.PROFILE), str(paths.REFERENCE), str(paths.HOLDOUT)],
        params=["seed", "data", "alarms", "limits", "shift", "checks", "train", "drill"],
        outs=[
            str(paths.DRILL_CELLS),
            str(paths.DRILL_ARTIFACTS),
            *(
                {str(path): {"cache": False}}
                for path in (paths.DRILL_SUMMARY, paths.DRILL_RANKING, paths.DRILL_RECALL, paths.DRILL_DAMAGE)
            ),
        ],
        metrics=[{str(paths.DRILL_METRICS): {"cache": False}}],
        code=[*MEASURING, "training", "quarantine", "results", "drill"],
    ),
    Stage(
        "report",
        deps=[
            str(paths.RECORDS),
            str(paths.BATCHES_CSV),
            str(paths.ROWS_PARQUET),
            str(paths.LEDGER),
            str(paths.METRICS_JSON),
            str(paths.TRIGGERS),
            str(paths.AUDIT_JSON),
            str(paths.DRILL_METRICS),
            str(paths.BATCHES),
            str(paths.ACCEPTED),
            str(paths.QUARANTINE),
            str(paths.REFERENCE),
            str(paths.HOLDOUT),
            str(paths.COLUMNS),
        ],
        params=["seed", "data", "alarms", "shift", "review", "signing", "train", "audits", "requirements"],
        outs=[str(paths.INDEX), str(paths.REFERENCE_PAGE), str(paths.PAGES)],
        code=[
            *MEASURING,
            "provenance",
            "decisions",
            "training",
            "quarantine",
            "results",
            "scaffold",
            "words",
            "dossier",
            "terminal",
            "pages",
        ],
    ),
)

MODEL_STAGES = ("train", "evaluate", "audit", "drill")
"""What a team that trains by itself does without."""
MODEL_SECTIONS = ("train", "evaluate", "audits", "requirements", "drill")
"""The sections of params.yaml that such a team does without."""


def stages_beside() -> tuple[Stage, ...]:
    """The stages beside a pipeline that trains already: nothing of them needs a model."""
    left_out = [stage for stage in STAGES if stage.name in MODEL_STAGES]
    made = {place for stage in left_out for out in (*stage.outs, *stage.metrics) for place in _places(out)}
    return tuple(
        replace(
            stage,
            deps=[dep for dep in stage.deps if dep not in made],
            params=[name for name in stage.params if name not in MODEL_SECTIONS],
        )
        for stage in STAGES
        if stage not in left_out
    )


def add_labels(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages where labels come in apart from their rows."""
    return tuple(
        replace(stage, deps=[*stage.deps, str(paths.LABELS)]) if stage.name == "ingest" else stage for stage in stages
    )


def _places(out: Any) -> list[str]:
    """The path of an output, which may stand with flags."""
    return [out] if isinstance(out, str) else list(out)


def dvc_yaml(stages: Sequence[Stage] = STAGES, own_code: bool = False, plots: Sequence[Any] | None = None) -> str:
    """The text of dvc.yaml.

    Parameters
    ----------
    stages : sequence of Stage
    own_code : bool
        True in this repository, whose stages run from the source and depend on it; a team's pipeline calls
        the installed command.
    plots : sequence, optional
        What DVC draws; without it, what the stages of the pipeline give.
    """
    from ruamel.yaml import YAML

    yaml, out = YAML(), StringIO()
    yaml.indent(mapping=2, sequence=4, offset=2)
    parts = {
        "stages": {stage.name: _stage(stage, own_code) for stage in stages},
        "plots": _plots(stages) if plots is None else plots,
    }
    yaml.dump({name: part for name, part in parts.items() if part}, out)
    return out.getvalue()


def _plots(stages: Sequence[Stage]) -> list[dict[str, Any]]:
    names = {stage.name for stage in stages}
    plots: list[dict[str, Any]] = []
    if "evaluate" in names:
        plots += [{f"{paths.CONFUSION}/{model}.csv": dict(CONFUSION_PLOT)} for model in COMPARED_MODELS]
    if "drill" in names:
        plots += [{str(folder): curve} for folder, curve in CURVES.items()]
    return plots


def _stage(stage: Stage, own_code: bool) -> dict[str, Any]:
    code = _code(stage) if own_code else []
    parts = {
        "cmd": f"python stages/{stage.name}.py" if own_code else f"pratique {stage.name}",
        "deps": [*stage.deps, *code],
        "params": list(stage.params),
        "outs": list(stage.outs),
        "metrics": list(stage.metrics),
    }
    return {key: value for key, value in parts.items() if value}


def _code(stage: Stage) -> list[str]:
    """The files and folders of this repository that a stage runs."""
    body = [f"{PACKAGE_PATH}/pipeline/{name}.py" for name in ("entry", stage.name)]
    return [f"stages/{stage.name}.py", *body, *(f"{PACKAGE_PATH}/{room}" for room in stage.code)]
