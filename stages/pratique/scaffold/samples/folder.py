"""`pratique sample`: a whole project in a folder, in which `dvc repro` works as it is."""

import contextlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.documents import parse_yaml
from pratique.core.errors import PratiqueError, printable
from pratique.core.params import Params
from pratique.core.sections import parse
from pratique.core.writing import write_text
from pratique.experiments.discovery import experiment_names
from pratique.experiments.places import EXPERIMENT_ROWS
from pratique.provenance import git
from pratique.scaffold.experiments import experiment_files
from pratique.scaffold.pipeline import dvc_yaml
from pratique.scaffold.project import pipeline_files
from pratique.scaffold.proposals import understand
from pratique.scaffold.samples import digits, digits_backdoor, income, iris, spam
from pratique.scaffold.samples.sample import Sample, as_cells, to_csv
from pratique.tables.trusted import layout_of

SAMPLES: Mapping[str, Callable[[], Sample]] = {
    "spam": spam.sample,
    "digits": digits.sample,
    "digits-backdoor": digits_backdoor.sample,
    "iris": iris.sample,
}
SAMPLES_OF_A_FILE: Mapping[str, Callable[[Path], Sample]] = {"income": income.sample}


def write_sample(folder: Path, name: str, source: Path | None = None) -> None:
    """Write one of `SAMPLES`, or an experiment, into a folder; and a repository if it is in none.

    The same bytes every time. Nothing is overwritten.

    Raises
    ------
    PratiqueError
        If there is none of this name, the folder holds another pipeline, or a file of this one that was edited.
    """
    if name not in sample_names():
        raise PratiqueError(f"--of: no such sample '{printable(name)}'; known: {', '.join(sample_names())}")
    if (source is None) != (name not in SAMPLES_OF_A_FILE):
        told = f"{name} takes none" if source else f"name the file whose rows {name} takes"
        raise PratiqueError(f"--from: {told}")
    wanted = _list_wanted(name, source)
    _refuse_another_pipeline(folder, wanted)
    for place, text in wanted.items():
        if not (folder / place).exists():
            write_text(folder / place, text)
    _ensure_repository(folder)


def _list_wanted(name: str, source: Path | None) -> dict[Path, str]:
    if source is not None:
        return sample_files(SAMPLES_OF_A_FILE[name](source))
    return sample_files(SAMPLES[name]()) if name in SAMPLES else experiment_files(name)


def sample_names() -> list[str]:
    """The samples, then the experiments."""
    return [*SAMPLES, *SAMPLES_OF_A_FILE, *experiment_names()]


def sample_files(sample: Sample) -> dict[Path, str]:
    """The text of every file of a sample's project, by its place in the folder."""
    data = parse(Params, parse_yaml(sample.params, f"{sample.name}.yaml"), f"{sample.name}.yaml").data
    rows = as_cells(sample.reference)
    specs = understand(rows, data, propose=False).specs
    trusted = Batch("reference", rows, layout_of(rows, data, specs))
    tables = {
        paths.REFERENCE / f"{sample.name}.csv": sample.reference,
        paths.HOLDOUT / f"{sample.name}.csv": sample.holdout,
        **{paths.INCOMING / f"{batch}.csv": table for batch, table in sample.incoming.items()},
    }
    return pipeline_files(trusted, data, specs, {}) | {
        paths.PARAMS: sample.params,
        **{place: to_csv(table) for place, table in tables.items()},
        paths.SOURCES: sample.sources,
        Path("data/README.md"): sample.page,
        Path("data/truth.csv"): sample.truth,
    }


def _refuse_another_pipeline(folder: Path, wanted: Mapping[Path, str]) -> None:
    """Refuse a folder with other bytes where the sample's would be, or with rows that are not the sample's."""
    accepted = {place: {text.encode()} for place, text in wanted.items()}
    accepted[paths.PIPELINE].add(dvc_yaml(own_code=True).encode())  # where the package is at home
    there = [place for place in wanted if (folder / place).exists()]
    for rows in (paths.REFERENCE, paths.HOLDOUT, paths.INCOMING, EXPERIMENT_ROWS):
        there += [path.relative_to(folder) for path in sorted((folder / rows).rglob("*")) if path.is_file()]
    for place in there:
        if (folder / place).read_bytes() not in accepted.get(place, set()):
            raise PratiqueError(f"{folder / place}: belongs to another pipeline; name an empty folder")


def _ensure_repository(folder: Path) -> None:
    """Make the folder a repository of DVC, and of git where it is in none; nothing is committed.

    Within a repository of git it becomes a subproject, whose cache is its own. A folder which that repository ignores
    is in none: DVC would not run there.
    """
    from dvc.repo import Repo

    with contextlib.chdir(folder):
        if Path(Repo.DVC_DIR).exists():
            return
        with_git = shutil.which("git") is not None
        within = _succeeds("rev-parse", "--show-toplevel") and not _succeeds("check-ignore", "-q", ".")
        if with_git and not within:
            git.run("init", "-q")
        repository = Repo.init(no_scm=not with_git, subdir=with_git)
        with repository.config.edit() as config:
            config["core"] |= {"analytics": False, "check_update": False}
        if with_git:
            git.run("add", repository.config.files["repo"])  # where `Repo.init` has put it, too


def _succeeds(*words: str) -> bool:
    """Whether git, asked in the current folder, says yes."""
    try:
        git.run(*words)
    except PratiqueError:
        return False
    return True
