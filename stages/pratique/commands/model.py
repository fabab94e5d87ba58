"""The commands about the trained model: what it shows, what is required of it, and the one it is compared with."""

from pathlib import Path
from typing import Annotated

import typer

from pratique.commands.placing import alone_in_pipeline, in_pipeline
from pratique.core.screen import say

app = typer.Typer()
REQUIREMENT_EXITS = {"broken": 1, "undecidable": 2, "met": 0}


@app.command()
@alone_in_pipeline
def audit() -> None:
    """Measure what the trained model itself shows; the page says which requirements it breaks, and what to do."""
    from pratique.pipeline.audit import main as stage

    stage()


@app.command()
@in_pipeline
def requirements() -> None:
    """Hold the model's figures to what params.yaml requires: exit 0 all met, 1 one broken, 2 one undecidable."""
    from pratique.contract.audit_discovery import load_audit
    from pratique.core import paths
    from pratique.core.params import load
    from pratique.results.requirements import judge_run
    from pratique.words.requirements import count_states, split_steps, tell_remedy, tell_requirement

    params = load()
    audits = {name: load_audit(name) for name in params.audits}
    judged = judge_run(params)
    for each in judged:
        say(tell_requirement(each), *(f"  {step}" for step in split_steps(tell_remedy(each, audits))))
    say(count_states(judged) or f"{paths.PARAMS}: requires nothing of the model; `requirements` is where it would")
    if judged:
        raise typer.Exit(REQUIREMENT_EXITS[judged[0].state])


@app.command()
@in_pipeline
def unlearn(
    to: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write the model that unlearned it there.")] = None,
) -> None:
    """Train again without the rows that carry a recovered trigger; show what that changes. Nothing is replaced."""
    from pratique.commands.unlearn import main as show

    show(to)


@app.command()
@alone_in_pipeline
def exclude(
    conditions: Annotated[
        list[str] | None,
        typer.Argument(metavar="CONDITION...", help="Such as 'age > 80'; a row in which all hold is left out."),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Learn from these rows again.")] = False,
) -> None:
    """Leave a region of rows out of training, or list what is left out; the rows stay where they are."""
    from pratique.commands.exclude import main as write

    write(conditions or [], undo)


@app.command()
@alone_in_pipeline
def baseline(
    to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Copy the baseline there, to serve it; set nothing.")
    ] = None,
) -> None:
    """Keep the trained model as the one that later ones are compared with, or copy the kept one to where it serves."""
    from pratique.core import paths
    from pratique.core.params import load
    from pratique.core.writing import write_bytes
    from pratique.training.models import Model

    source, place = (paths.MODEL, paths.BASELINE) if to is None else (paths.BASELINE, to)
    file = source / paths.MODEL_FILE.name
    Model.load(file, load().train.trusts)  # what can't be read back is no model to fall back to
    for path in filter(Path.is_file, (file, source / "manifest.json")):
        write_bytes(place / path.name, path.read_bytes())
        say(f"wrote  {place / path.name}")
    if to is None:
        say(f"Next: commit {paths.BASELINE} (or `dvc add {paths.BASELINE}`), in a change without data; `dvc repro`")
