"""The commands that tell which rows reached which model."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pratique.commands.placing import alone_in_pipeline, in_pipeline
from pratique.core.screen import say

app = typer.Typer()


@app.command()
@alone_in_pipeline
def manifest(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The file or folder that your own stage has trained.")],
    rows: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="What it learned from, where not data/accepted as a whole; repeatable."),
    ] = None,
) -> None:
    """Write which accepted rows a model of your own learned from, so that trace and recall can tell."""
    from pratique.core import paths
    from pratique.core.params import load
    from pratique.training.manifest import MANIFEST, make_own_manifest

    made = make_own_manifest(model, rows or [paths.ACCEPTED], load())
    made.save()
    say(f"{MANIFEST}: {made.path} learned from {len(made.batches)} accepted batches, {made.rows:,} known rows")


@app.command()
@in_pipeline
def trace(
    what: Annotated[str, typer.Argument(metavar="BATCH[:ROW]", help="<source>/<batch>, or a row of it.")],
) -> None:
    """Say whether a batch, or one row of it, reached the model, and by whose decision."""
    from pratique.lineage.trace import trace_lines

    say(*trace_lines(what))


@app.command()
@in_pipeline
def recall(source: Annotated[str, typer.Argument(help="A folder of data/incoming.")]) -> None:
    """List what a source touched, and what a retrain without it would drop."""
    from pratique.lineage.trace import recall_lines

    say(*recall_lines(source))


@app.command()
@in_pipeline
def export(
    form: Annotated[Literal["openlineage", "prov"], typer.Argument(metavar="FORMAT", help="openlineage or prov.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What to write; - is standard output.")] = Path("-"),
    namespace: Annotated[str, typer.Option(help="Keeps the names of this repository apart from others.")] = "pratique",
) -> None:
    """Write the lineage of the last run as OpenLineage events (NDJSON) or as a PROV document (PROV-JSON)."""
    from pratique.lineage.export import export as write

    write(form, file, namespace)
