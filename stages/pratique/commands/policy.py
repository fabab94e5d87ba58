"""The commands about a change of policy: what it flips, and which verdicts stand whatever it says."""

from pathlib import Path
from typing import Annotated

import typer

from pratique.commands.placing import alone_in_pipeline

app = typer.Typer()


@app.command()
@alone_in_pipeline
def replay(
    base: Annotated[
        str | None, typer.Option(metavar="REF", help="Compare with the policy of a commit instead of the last run's.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the flips there.")] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Let verdicts that are flipped stand no longer: the next run judges them.")
    ] = False,
) -> None:
    """Say which past verdicts the policy here flips, those that stand too: exit 0 none, 1 some, 2 could not decide."""
    from pratique.commands.replay import main as judge_anew

    raise typer.Exit(judge_anew(base, json_file, apply))


@app.command()
@alone_in_pipeline
def settle() -> None:
    """Let the verdicts of the committed run stand, whatever policy comes: add them to data/standing.jsonl."""
    from pratique.commands.settle import main as add

    add()
