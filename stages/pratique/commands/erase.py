"""The command `pratique erase`: rows, or whole batches, go for good, and a line says so."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from pratique.commands.placing import alone_in_pipeline
from pratique.commands.review import positions
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import DataParams, load
from pratique.core.screen import say
from pratique.core.text import say_count
from pratique.gate.changes import pointers
from pratique.provenance import git
from pratique.tables.arrival import POINTER_SUFFIX, batch_name, find_incoming

STILL_HELD = (
    "git's history, DVC's cache and every remote and clone still hold what was erased. After the merge: "
    "`dvc gc --workspace --cloud`, and rewrite git's history (`git filter-repo`) where it holds the file."
)


@alone_in_pipeline
def erase(
    reason: Annotated[str, typer.Option(help="Why, for whoever asks later; name no person.")],
    batch: Annotated[
        str | None, typer.Argument(metavar="[BATCH]", help="<source>/<batch>; all of it by itself.")
    ] = None,
    rows: Annotated[str | None, typer.Option(metavar="0,4-9", help="These rows of it only.")] = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="The rows with this id (data.id), of BATCH or of every batch.")
    ] = None,
    before: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Whole batches that git has had since before this day."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and change nothing.")] = False,
) -> None:
    """Erase rows or batches, and all that was made of them; a line in data/erasures.jsonl says so, without a cell."""
    from pratique.quarantine.erasing import plan_erasure

    params = load()
    chosen = list(_choose(batch, rows, ids or [], before and before.date(), params.data))
    plans = [plan_erasure(file, picked, reason, params.data) for file, picked in chosen]
    for plan in plans:
        said = plan.content
        count = "a batch that can't be read" if said.rows is None else say_count(said.rows, "row")
        say(f"{said.batch}: {count} of {plan.file}{'' if said.after else ', which goes'}")
    if dry_run:
        return
    for plan in plans:
        say(*(f"erased from  {path}" for path in plan.carry_out()))
    say(f"wrote  {paths.ERASURES}", *_tell_learned([plan.content.batch for plan in plans]))
    say(*_list_pointers([plan.file for plan in plans]))
    say("Next: `dvc repro`, then commit it.", STILL_HELD)


def _choose(
    batch: str | None, rows: str | None, ids: Sequence[str], before: date | None, data: DataParams
) -> Iterator[tuple[Path, list[int] | None]]:
    """The files, each with the rows of it; None for the whole batch."""
    files = {batch_name(file): file for file in find_incoming(paths.INCOMING)}
    if sum(map(bool, (rows, ids, before))) > 1 or not (batch or ids or before) or (batch and before):
        raise PratiqueError("expected BATCH, with --rows or --id or neither; or --id alone; or --before alone")
    if before is not None:
        old = [file for file in files.values() if _is_older(file, before)]
        if not old:
            raise PratiqueError(f"--before {before}: git has had no batch of {paths.INCOMING} that long")
        yield from ((file, None) for file in old)
    elif batch is not None and batch not in files:
        raise PratiqueError(f"'{batch:.100}': no batch of {paths.INCOMING}{_tell_elsewhere(batch)}")
    elif ids:
        yield from _choose_by_id([files[batch]] if batch else list(files.values()), set(ids), batch is None, data)
    elif batch is not None:
        yield files[batch], None if rows is None else positions(rows)


def _list_pointers(files: Sequence[Path]) -> list[str]:
    """What DVC must be told where it keeps batches or labels."""
    found = sorted({each for file in files for each in pointers(file) if each.suffix == POINTER_SUFFIX})
    kept = [(each, each.with_name(each.name.removesuffix(POINTER_SUFFIX))) for each in found if each.is_file()]
    return [f"Next: dvc {f'add {place}' if place.exists() else f'remove {pointer}'}" for pointer, place in kept]


def _choose_by_id(
    files: Sequence[Path], ids: set[str], search: bool, data: DataParams
) -> Iterator[tuple[Path, list[int]]]:
    from pratique.tables.erasing import find_rows

    found = {file: find_rows(file, ids, data) for file in files}
    if not any(found.values()):
        raise PratiqueError(f"--id: no row has it, in {'any batch' if search else files[0]}")
    yield from ((file, rows) for file, rows in found.items() if rows)


def _is_older(file: Path, day: date) -> bool:
    """Whether the first commit that had a batch, or its own pointer, is from before a day."""
    if git.run("rev-parse", "--is-shallow-repository").strip() == "true":
        raise PratiqueError("--before: git has not all history here; `git fetch --unshallow` first")
    commits = git.read_commits([file.as_posix(), f"{file.as_posix()}{POINTER_SUFFIX}"])
    return bool(commits) and datetime.fromisoformat(commits[-1].date).astimezone(UTC).date() < day


def _tell_elsewhere(batch: str) -> str:
    from pratique.provenance.promotion import read_promotions

    for each in read_promotions():
        if each.batch == batch:
            return (
                f": it was promoted; take the rows out of {each.original.name} and {each.reference.name} by hand, "
                f"and {each.path} away, in a change of its own"
            )
    return ""


def _tell_learned(batches: Sequence[str]) -> list[str]:
    """Which models and references learned from batches, as far as manifests, git and promotions tell."""
    from pratique.provenance.promotion import read_promotions
    from pratique.results.past import past_models
    from pratique.training.manifest import MANIFEST, find_doubt, read_manifest

    names, said = set(batches), []
    model = read_manifest() if MANIFEST.is_file() else None
    if model is None or find_doubt(model):
        said.append(f"Whether the model here learned from it is unknown: {find_doubt(model)}.")
    elif names & {each.batch for each in model.batches}:
        said.append(f"The model here ({model.model}, sha256 {model.sha256}) learned from it until `dvc repro`.")
    else:
        said.append("The model here did not learn from it.")
    baseline = paths.BASELINE / MANIFEST.name
    if baseline.is_file() and names & {each.batch for each in read_manifest(baseline).batches}:
        said.append(f"The model in {paths.BASELINE} learned from it: `pratique baseline` sets another one.")
    for past in past_models():
        if past.batches is None or names & set(past.batches):
            how = "may have learned" if past.batches is None else "learned"
            said.append(f"The model of commit {past.commit.sha[:12]} ({past.commit.date[:10]}) {how} from it.")
    trusted = [each for each in read_promotions() if each.batch in names]
    said += [f"{each.reference.name}: trusted rows of {each.batch}, promoted before, still hold it" for each in trusted]
    return said
