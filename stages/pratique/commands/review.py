"""The commands `pratique review`: see what was held, and decide. They only write files; what lands by commit counts."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from pratique.core.errors import PratiqueError
from pratique.core.screen import display, say

app = typer.Typer(help="See what was held, and decide about it.", no_args_is_help=True)

Named = Annotated[str, typer.Argument(metavar="BATCH", help="<source>/<batch>")]
Why = Annotated[str, typer.Option(help="Why, for whoever asks later.")]


@app.command("list")
def list_() -> None:
    """List the batches of which something is held, and those that people decided on."""
    from pratique.terminal.queue import queue

    display(queue())


@app.command()
def show(batch: Named) -> None:
    """Show what was measured on a batch, and what was decided about it."""
    from pratique.terminal.queue import sheet

    display(sheet(batch))


@app.command()
def release(
    batch: Named,
    reason: Why,
    rows: Annotated[str | None, typer.Option(metavar="0,4-9", help="Let in these rows only.")] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day on which the release counts.")
    ] = None,
) -> None:
    """Let a batch, or some of its rows, into training although it was held."""
    from pratique.decisions import decision as decisions

    chosen = None if rows is None else positions(rows)
    day: date | None = None if expires is None else expires.date()
    _wrote(str(decisions.release(batch, reason=reason, rows=chosen, expires=day)))


@app.command()
def reject(batch: Named, reason: Why) -> None:
    """Keep a batch out of training, under whatever name its rows come again."""
    from pratique.decisions import decision as decisions

    _wrote(str(decisions.reject(batch, reason=reason)))


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
) -> None:
    """Show the pages of the last run with a form to decide on, on this machine only."""
    from pratique.review.server import serve as listen

    listen(port, lambda link: say(f"Open {link}", "The link is good for one visit. Ctrl-C ends."))


@app.command()
def versions(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the page is written, such as versions.html.")],
) -> None:
    """Write a page of what the gate was worth in each version of the pipeline, as git remembers it."""
    from pratique.core.writing import write_text
    from pratique.pages.versions import versions_page

    write_text(file, versions_page())


def positions(text: str) -> list[int]:
    """The positions in a list of numbers and ranges.

    Examples
    --------
    >>> positions("0,4-6")
    [0, 4, 5, 6]
    """
    chosen: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", part.strip())
        if match is None:
            raise PratiqueError(f"--rows: '{part}': expected positions such as 0,4-9")
        chosen += range(int(match[1]), int(match[2] or match[1]) + 1)
    return chosen


def _wrote(path: str) -> None:
    say(f"wrote  {path}", "Next: `dvc repro`, then commit it; the gate asks who did.")
