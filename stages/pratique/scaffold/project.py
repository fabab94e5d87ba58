"""`pratique init`: a pipeline in a team's own repository, inferred from rows that the team trusts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.columns import ColumnSpec
from pratique.core.documents import read_yaml
from pratique.core.errors import PratiqueError
from pratique.core.params import DataParams, load
from pratique.core.writing import write_bytes, write_text
from pratique.scaffold.pipeline import STAGES, dvc_yaml
from pratique.scaffold.proposals import Understanding, confirm, understand
from pratique.scaffold.rules import infer_schema, infer_suite, write_columns
from pratique.tables.inference import refuse_amounts
from pratique.tables.reading import FORMATS, read_file, read_trusted
from pratique.tables.trusted import layout_of, list_columns

PARAMS_TEMPLATE = """\
# Everything that the pipeline can be told. Unknown keys are errors.
seed: 0

data:
  label: {label}         # what a model learns to predict
  id: {id}               # a column that names a row; never a feature
  ignore: []             # columns that are kept but not examined
  personal: {personal}           # columns whose cells no report shows
  time: {time}             # a column that says when a row was taken; never a feature
  ordered: false         # true: rows stand in the order in which they were taken
  formats: read          # or hold: what becomes of a number that is written otherwise than trusted ones

alarms:
  per_1000_batches: 10   # clean batches in 1,000 that may be quarantined: every threshold follows from it
  rows_fdr: 0.05         # share of wrongly held rows among the rows that are held one by one

shift:
  policy: quarantine     # or warn: what becomes of a batch whose columns or class shares moved, and nothing else

checks:                  # a check that is not named here does not run
  schema: {{}}             # expectations/schema.yaml
  expectations: {{}}       # expectations/suite.json
  shift: {{}}              # columns and class shares that moved
  outliers:              # distance to trusted rows, and a detector of pyod's
    neighbours: 5
    detector: iforest    # or ecod, copod, knn, lof
  labels:                # votes of trusted neighbours
    neighbours: 20
  losses: {{}}             # models of trusted rows
  density: {{}}            # how columns go together in a class
  relations: {{}}          # columns that follow from each other
  duplicates: {{}}         # rows that repeat one another
  leaks: {{}}              # copies of data/holdout
  extremes: {{}}           # single cells far beyond all trusted rows

sources:
  unlisted: warn         # or refuse: what becomes of a batch whose source is not in data/sources.yaml

review:
  reviewers: 1           # people who must release a batch before it counts; none of them may have submitted it

signing:
  reviewers: {{}}          # e-mail address: Ed25519 public key; where one is given, releases must be signed
  gate: null             # public key of what the gate attests

train:
  rows: reference + accepted   # or accepted
  model: random_forest   # or logistic_regression
  trees: 100

evaluate:
  retrainings: 3         # trainings with other seeds that every figure is the mean of, where the seed matters
  slices: []             # features by which the accuracy is told apart

drill:                   # known poison in copies of accepted rows
  rates: [0.05, 0.2]
  repetitions: 3         # runs that the gate clears
  retrainings: 3         # runs that train models, to measure the damage; 500 at most
  batches: 6             # that come in
  poisoned_batches: 0.34 # share of them that comes in poisoned
  rows: 100              # in each
  attacks:               # one entry an exercise; beside attack, rates, batches and poisoned_batches its fields
    backdoor_trigger: {{}}
    gaussian_noise: {{}}
    label_flip: {{}}
    outlier_insertion: {{}}
    slow_drip: {{attack: label_flip, rates: [0.02], batches: 10, poisoned_batches: 1}}
"""


SOURCES_TEMPLATE = """\
# Who delivers batches: an entry for each folder of data/incoming/. params.yaml says what becomes of others.
# vendor:
#   origin: where the rows come from
#   owner: who answers for them
#   licence: what they may be used for
#   labels: how the labels were made, and by whom
"""

DECISIONS_TEMPLATE = """\
# Decisions

One file for each batch and reviewer, written by `pratique review release` and `pratique review reject`, read by
`pratique validate`, judged by `pratique gate` and `pratique verify`. Whoever owns this folder (CODEOWNERS) decides
what is trained on.
"""


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


def init(folder: Path, reference: Path, label: str, ask: Callable[[str], bool] | None = None) -> Done:
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

    Raises
    ------
    PratiqueError
        If the folder or the reference is missing or not readable, has no such column, or the column is no class; or
        if there is a params.yaml that is about another label, or lacks a section which dvc.yaml names.
    """
    if not folder.is_dir():
        raise PratiqueError(f"{folder}: not a folder; make it first, with `git init` and `dvc init` in it")
    understood, table = understand_rows(folder, reference, label)
    if ask is not None and not (folder / paths.COLUMNS).exists():
        understood = confirm(understood, ask)
    data = understood.data
    trusted = Batch("reference", table, layout_of(table, data, understood.specs))
    files = pipeline_files(trusted, data, understood.specs)
    written = [_write_new(folder / path, text) for path, text in files.items()]
    return Done((*written, *_copy_reference(reference, folder / paths.REFERENCE)), understood, trusted)


def pipeline_files(trusted: Batch, data: DataParams, specs: Mapping[str, ColumnSpec]) -> dict[Path, str]:
    """The text of every file that a pipeline needs beside its rows, by its place in the folder.

    Parameters
    ----------
    trusted : Batch
        The rows that expectations are inferred from.
    data : DataParams
    specs : mapping of str to ColumnSpec
        What their columns are.
    """
    return {
        paths.PIPELINE: dvc_yaml(),
        paths.PARAMS: _params(data),
        paths.COLUMNS: write_columns(specs),
        paths.SCHEMA: infer_schema(trusted),
        paths.SUITE: json.dumps(infer_suite(trusted, data.id), indent=2) + "\n",
        paths.SOURCES: SOURCES_TEMPLATE,
        paths.DECISIONS / "README.md": DECISIONS_TEMPLATE,
    }


def understand_rows(folder: Path, reference: Path, label: str, anew: bool = False) -> tuple[Understanding, pa.Table]:
    """How the columns of trusted rows are understood, and the rows.

    A params.yaml that is there says which roles columns have; anew, only which are ignored.
    """
    data = _data(folder / paths.PARAMS, label)
    if anew:
        data = DataParams(label=label, ignore=data.ignore)
    table = read_trusted(reference, data.ignore) if reference.is_dir() else _read_file(reference, data)
    if label not in table.column_names:
        raise PratiqueError(f"--label: column '{label}' is not in the trusted rows; {list_columns(table)}")
    refuse_amounts(table, label)
    return understand(table, data, propose=anew or not (folder / paths.PARAMS).exists()), table


def _read_file(reference: Path, data: DataParams) -> pa.Table:
    if not reference.is_file():
        raise PratiqueError(f"{reference}: not found; --from takes a file of rows, or a folder of them")
    table = read_file(reference, data.ignore).table
    if not table.num_rows:
        raise PratiqueError(f"{reference}: no rows; --from takes rows that you trust")
    return table


def _params(data: DataParams) -> str:
    """The text of params.yaml for columns of these roles."""
    roles = {key: "null" if name is None else _quote(name) for key, name in (("id", data.id), ("time", data.time))}
    personal = f"[{', '.join(map(_quote, data.personal))}]"
    return PARAMS_TEMPLATE.format(label=_quote(data.label), personal=personal, **roles)


def _data(params: Path, label: str) -> DataParams:
    """What the columns are: by params.yaml where there is one, which may name an id or columns to ignore."""
    if not params.exists():
        return DataParams(label=label)
    data = load(params).data
    if data.label != label:
        raise PratiqueError(f"{params}: data.label is '{data.label}', not '{label}'; correct one of them")
    _require_sections(params)
    return data


def _require_sections(params: Path) -> None:
    """A section may be empty, but DVC wants to see each that a stage depends on."""
    there = read_yaml(params)
    missing = sorted({name for stage in STAGES for name in stage.params} - set(there))
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        lines = ", ".join(f"`{name}: {'0' if name == 'seed' else '{}'}`" for name in missing)
        raise PratiqueError(
            f"{params}: dvc.yaml names {names}, which are not there; add {lines}: what is left out has its default"
        )


def _quote(text: str) -> str:
    """Text in YAML's double quotes, which hold JSON's escapes; what can't be seen as the number of its character."""
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in json.dumps(text, ensure_ascii=False))


def _write_new(path: Path, text: str) -> Written:
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
