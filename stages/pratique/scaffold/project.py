"""`pratique init`: a pipeline in a team's own repository, inferred from rows that the team trusts."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.columns import ColumnSpec
from pratique.core.documents import read_yaml
from pratique.core.errors import PratiqueError, printable
from pratique.core.home import has_params
from pratique.core.image_params import ImageParams
from pratique.core.params import DataParams, load
from pratique.core.writing import write_bytes, write_text
from pratique.quarantine.standing import NONE_STANDS
from pratique.scaffold.pipeline import STAGES, Stage, add_labels, dvc_yaml, stages_beside
from pratique.scaffold.proposals import Understanding, confirm, understand
from pratique.scaffold.reviewers import write_reviewers
from pratique.scaffold.rules import infer_schema, infer_suite, write_columns
from pratique.scaffold.templates import (
    BASELINE_TEMPLATE,
    DECISIONS_TEMPLATE,
    IMAGE_CHECKS,
    PARAMS_TEMPLATE,
    SOURCES_TEMPLATE,
    TRAINING_TEMPLATE,
)
from pratique.tables.inference import refuse_amounts
from pratique.tables.reading import FORMATS, read_file, read_trusted
from pratique.tables.trusted import layout_of, list_columns

EMPTY_SECTIONS = {"seed": "0", "resent": "warn"}
"""What stands for the default of what is no section but a value."""


@dataclass(frozen=True)
class Written:
    """What init did with one file."""

    path: Path
    new: bool


@dataclass(frozen=True)
class Done:
    """What init did: with each file, and how it understood the columns."""

    files: tuple[Written, ...]
    understood: Understanding
    trusted: Batch


def init(
    folder: Path,
    reference: Path,
    label: str,
    ask: Callable[[str], bool] | None = None,
    reviewers: Mapping[str, str] | None = None,
    beside: bool = False,
    image: ImageParams | None = None,
) -> Done:
    """Write dvc.yaml, params.yaml, expectations/ and what people keep by hand, and copy the reference to its place.

    Nothing that exists is overwritten; a second call changes nothing.

    Parameters
    ----------
    folder : Path
        The root of a git repository.
    reference : Path
        A CSV or Parquet file, or a folder of such files, of trusted rows.
    label : str
        The column that a model learns to predict.
    ask : callable, optional
        Takes a proposal about a column in words, and says whether to take it; all are taken if None.
    reviewers : mapping of str to str, optional
        Public keys of those whose decisions count, by e-mail address.
    beside : bool
        Whether the folder stands beside a pipeline that trains already: then it gets no stage that needs a model, and
        is made if it is not there.
    image : ImageParams, optional
        The size of rows that are images.

    Raises
    ------
    PratiqueError
        If the folder or the reference is missing or not readable, has no such column, or the column is no class; or
        if there is a params.yaml that is about another label, or lacks a section which dvc.yaml names, or a reviewer;
        or if another pipeline is there.
    """
    if not (beside or folder.is_dir()):
        raise PratiqueError(f"{folder}: not a folder; make it first, with `git init` and `dvc init` in it")
    refuse_another_pipeline(folder)
    stages = stages_beside() if beside else STAGES
    _require_sections(folder / paths.PARAMS, stages)
    _require_listed(folder / paths.PARAMS, reviewers or {})
    understood, table = understand_rows(folder, reference, label, image)
    if ask is not None and not (folder / paths.COLUMNS).exists():
        understood = confirm(understood, ask)
    data = understood.data
    trusted = Batch("reference", table, layout_of(table, data, understood.specs))
    files = pipeline_files(trusted, data, understood.specs, reviewers or {}, stages)
    kept = [*([paths.HOLDOUT, paths.INCOMING] if beside else []), *([paths.LABELS] if data.labels_apart else [])]
    files |= {place / ".gitkeep": "" for place in kept}
    written = [write_new(folder / path, text) for path, text in files.items()]
    return Done((*written, *_copy_reference(reference, folder / paths.REFERENCE)), understood, trusted)


def pipeline_files(
    trusted: Batch,
    data: DataParams,
    specs: Mapping[str, ColumnSpec],
    reviewers: Mapping[str, str],
    stages: Sequence[Stage] = STAGES,
) -> dict[Path, str]:
    """The text of every file that a pipeline needs beside its rows, by its place in the folder.

    Parameters
    ----------
    trusted : Batch
        The rows that expectations are inferred from.
    data : DataParams
    specs : mapping of str to ColumnSpec
        What their columns are.
    reviewers : mapping of str to str
        Public keys by e-mail address.
    stages : sequence of Stage
    """
    training = {paths.BASELINE / "README.md": BASELINE_TEMPLATE} if stages is STAGES else {}
    return {
        paths.PIPELINE: dvc_yaml(add_labels(stages) if data.labels_apart else stages),
        paths.PARAMS: _params(data, reviewers) + (TRAINING_TEMPLATE if stages is STAGES else ""),
        paths.COLUMNS: write_columns(specs),
        paths.SCHEMA: infer_schema(trusted),
        paths.SUITE: json.dumps(infer_suite(trusted, data.id), indent=2) + "\n",
        paths.SOURCES: SOURCES_TEMPLATE,
        paths.DECISIONS / "README.md": DECISIONS_TEMPLATE,
        paths.STANDING: NONE_STANDS,
        **training,
    }


def refuse_another_pipeline(folder: Path) -> None:
    """Refuse a folder whose params.yaml or dvc.yaml are those of a pipeline that knows nothing of ours.

    Raises
    ------
    PratiqueError
        If one of them is.
    """
    params, pipeline = folder / paths.PARAMS, folder / paths.PIPELINE
    others = [params] if params.exists() and not has_params(folder) else []
    if pipeline.exists() and not _names_our_stage(read_yaml(pipeline)):
        others.append(pipeline)
    if others:
        raise PratiqueError(
            f"{others[0]}: of another pipeline, so no stage was added; "
            "`pratique init --into quality` puts the gate beside it, in a folder of its own"
        )


def _names_our_stage(pipeline: Any) -> bool:
    match pipeline:
        case {"stages": dict(stages)}:
            return not stages.keys().isdisjoint({stage.name for stage in stages_beside()})
    return False


def understand_rows(
    folder: Path, reference: Path, label: str, image: ImageParams | None = None, anew: bool = False
) -> tuple[Understanding, pa.Table]:
    """How the columns of trusted rows are understood, and the rows.

    A params.yaml that is there says which roles columns have; anew, only which are ignored.
    """
    data = _data(folder / paths.PARAMS, label, image)
    if anew:
        data = DataParams(label=label, ignore=data.ignore, image=data.image)
    table = read_trusted(reference, data.ignore, data.image_size) if reference.is_dir() else _read_file(reference, data)
    if label not in table.column_names:
        raise PratiqueError(f"--label: column '{label}' is not in the trusted rows; {list_columns(table)}")
    refuse_amounts(table, label)
    return understand(table, data, propose=anew or not (folder / paths.PARAMS).exists()), table


def _read_file(reference: Path, data: DataParams) -> pa.Table:
    if not reference.is_file():
        raise PratiqueError(f"{reference}: not found; --from takes a file of rows, or a folder of them")
    table = read_file(reference, data.ignore, image=data.image_size).table
    if not table.num_rows:
        raise PratiqueError(f"{reference}: no rows; --from takes rows that you trust")
    return table


def _params(data: DataParams, reviewers: Mapping[str, str]) -> str:
    """The text of params.yaml for columns of these roles and people with these keys."""
    roles = {key: "null" if name is None else _quote(name) for key, name in (("id", data.id), ("time", data.time))}
    personal = f"[{', '.join(map(_quote, data.personal))}]"
    size = ", ".join(f"{key}: {pixels}" for key, pixels in data.image.model_dump().items()) if data.image else ""
    return PARAMS_TEMPLATE.format(
        label=_quote(data.label),
        personal=personal,
        reviewers=write_reviewers(reviewers),
        image=f"\n  image: {{{size}}}   # every feature is a pixel" if size else "",
        image_checks=IMAGE_CHECKS if size else "",
        **roles,
    )


def _data(params: Path, label: str, image: ImageParams | None) -> DataParams:
    """What the columns are: by params.yaml where there is one, which may name an id or columns to ignore."""
    if not params.exists():
        return DataParams(label=label, image=image)
    data = load(params).data
    if data.label != label:
        raise PratiqueError(f"{params}: data.label is '{data.label}', not '{label}'; correct one of them")
    if image not in (None, data.image):
        raise PratiqueError(f"{params}: is there already, and data.image is not what --image says; correct one of them")
    return data


def _require_sections(params: Path, stages: Sequence[Stage]) -> None:
    """A section may be empty, but DVC wants to see each that a stage depends on."""
    if not params.exists():
        return
    load(params)
    missing = sorted({name for stage in stages for name in stage.params} - set(read_yaml(params)))
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        lines = ", ".join(f"`{name}: {EMPTY_SECTIONS.get(name, '{}')}`" for name in missing)
        raise PratiqueError(
            f"{params}: dvc.yaml names {names}, which are not there; add {lines}: what is left out has its default"
        )


def _require_listed(params: Path, reviewers: Mapping[str, str]) -> None:
    """A params.yaml that is there is not overwritten, not even to list a reviewer."""
    if not params.exists():
        return
    there = load(params).signing
    missing = [address for address, key in reviewers.items() if there.key_of(address.lower()) != key]
    if missing:
        raise PratiqueError(
            f"{params}: is there already, and lists no such key for {printable(missing[0])}; "
            "`pratique review setup` adds a reviewer"
        )


def _quote(text: str) -> str:
    """Text in YAML's double quotes, which hold JSON's escapes; what can't be seen as the number of its character."""
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in json.dumps(text, ensure_ascii=False))


def write_new(path: Path, text: str) -> Written:
    """Write a file unless it is there."""
    if path.exists():
        return Written(path, new=False)
    write_text(path, text)
    return Written(path, new=True)


def _copy_reference(reference: Path, place: Path) -> list[Written]:
    if reference.resolve() in (place.resolve(), *(p.resolve() for p in place.glob("*"))):
        return []
    files = [p for p in sorted(reference.glob("*")) if p.suffix in FORMATS] if reference.is_dir() else [reference]
    if place.is_dir() and any(p.suffix in FORMATS for p in place.iterdir()):
        return [Written(place, new=False)]
    for path in files:
        write_bytes(place / path.name, path.read_bytes())
    return [Written(place / path.name, new=True) for path in files]
