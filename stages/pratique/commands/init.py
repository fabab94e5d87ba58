"""`pratique init`: what it says about the columns, what it asks, what it wrote."""

import sys
from pathlib import Path

import typer

from pratique.core import errors
from pratique.scaffold.project import init, understand_rows
from pratique.scaffold.proposals import Understanding


def main(folder: Path, reference: Path, label: str, yes: bool, explain: bool) -> None:
    """Write a pipeline, or only say how the columns are understood."""
    if explain:
        _say(understand_rows(folder, reference, label)[0])
        return
    asking = not yes and sys.stdin.isatty()
    done = init(folder, reference, label, _ask if asking else None)
    if not asking:
        _say(done.understood)
        if done.understood.proposals and not yes:
            typer.echo("No terminal to ask on: every proposal is taken.")
    for file in done.files:
        typer.echo(f"{'wrote' if file.new else 'kept '}  {errors.printable(str(file.path))}")
    typer.echo(
        "Next: trusted rows for evaluation into data/holdout/, batches into data/incoming/<source>/, `dvc repro`."
    )


def _ask(proposal: str) -> bool:
    return typer.confirm(f"{proposal}\n  Take it?", default=True)


def _say(understood: Understanding) -> None:
    for proposal in understood.proposals:
        typer.echo(proposal.text)
