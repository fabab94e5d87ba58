"""The commands `pratique review`: see what was held, and decide. They only write files; signed ones count.

A command that decides exits 0 where that counts, and 1 where it is written and does not.
"""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from pratique.commands.placing import in_pipeline
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import load
from pratique.core.screen import display, say

app = typer.Typer(help="See what was held, and decide about it.", no_args_is_help=True)

Named = Annotated[str, typer.Argument(metavar="BATCH", help="<source>/<batch>")]
Why = Annotated[str, typer.Option(help="Why, for whoever asks later.")]
Given = Annotated[
    Path | None, typer.Option("--record", metavar="FILE", help="Its record as the gate wrote it, instead of a run's.")
]


@app.command()
@in_pipeline
def setup() -> None:
    """Make your key, or find it, and list it in params.yaml: what you decide counts once that line is merged."""
    from pratique.scaffold.reviewers import set_up_reviewer

    done = set_up_reviewer()
    say(f"{'made' if done.made else 'found'}  {done.key}: your private key; keep it to yourself")
    say(f"{'wrote' if done.listed else 'kept '}  {paths.PARAMS}: signing.reviewers: {done.address}: {done.public}")
    say("Next: commit params.yaml in a change of its own. What you decide counts once it is merged.")


@app.command("list")
@in_pipeline
def list_() -> None:
    """List the batches of which something is held, and those that people decided on."""
    from pratique.terminal.queue import queue

    display(queue())
    say(*_list_notes())


@app.command()
@in_pipeline
def show(batch: Named) -> None:
    """Show what was measured on a batch, and what was decided about it."""
    from pratique.terminal.queue import sheet

    display(sheet(batch))


@app.command()
@in_pipeline
def release(
    batch: Named,
    reason: Why,
    rows: Annotated[str | None, typer.Option(metavar="0,4-9", help="Let in these rows only.")] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day on which the release counts.")
    ] = None,
    record: Given = None,
) -> None:
    """Let a batch, or some of its rows, into training although it was held."""
    from pratique.decisions import deciding

    chosen = None if rows is None else positions(rows)
    day: date | None = None if expires is None else expires.date()
    say(f"wrote  {deciding.release(batch, reason=reason, rows=chosen, expires=day, given=record)}")
    say(*_warn_own(batch, record))
    _conclude()


@app.command()
@in_pipeline
def reject(batch: Named, reason: Why, record: Given = None) -> None:
    """Keep a batch out of training, under whatever name its rows come again."""
    from pratique.decisions import deciding

    say(f"wrote  {deciding.reject(batch, reason=reason, given=record)}")
    _conclude()


@app.command()
@in_pipeline
def withdraw(batch: Named, reason: Why) -> None:
    """Take back what you decided about a batch; nobody can take back what others decided."""
    from pratique.decisions import deciding

    say(f"wrote  {deciding.withdraw(batch, reason=reason)}")
    _conclude()


@app.command()
@in_pipeline
def confirm(
    batches: Annotated[list[str] | None, typer.Argument(metavar="BATCH...", help="<source>/<batch>")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Each of them.")] = False,
) -> None:
    """List your releases that no longer count, and what changed; make the named ones again for what is there now."""
    from pratique.decisions.renewal import list_void

    void, wrote = {each.record.batch: each for each in list_void()}, False
    for batch in batches or []:
        if batch not in void:
            raise PratiqueError(f"{batch}: no release of yours that no longer counts; see `pratique review confirm`")
    if not void:
        say("Every release of yours counts for what is there now.")
    for batch, each in void.items():
        say(f"{batch}: no longer counts: {each.changes}")
        if each.obstacle:
            say(f"  not renewed: {each.obstacle}")
        elif everything or batch in (batches or []):
            say(f"wrote  {each.confirm()}")
            wrote = True
    if wrote:
        _conclude()
    if void and not (everything or batches):
        say("Next: look at them, then `pratique review confirm BATCH...`, or --all.")


@app.command()
@in_pipeline
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
) -> None:
    """Show the pages of the last run with a form to decide on, on this machine only."""
    from pratique.review.server import serve as listen

    listen(port, lambda link: say(f"Open {link}", "The link is good for one visit. Ctrl-C ends."))


@app.command()
@in_pipeline
def versions(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the page is written, such as versions.html.")],
) -> None:
    """Write a page of what the gate was worth in each version of the pipeline, as git remembers it."""
    from pratique.core.writing import write_text
    from pratique.pages.versions import versions_page
    from pratique.words.identity import identity_note

    write_text(file, versions_page(identity_note(load())))


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


def _conclude() -> None:
    """Say what to do after a decision was written: exit 1 where it does not count."""
    from pratique.decisions.deciding import would_count

    if would_count(load()):
        say(*_list_notes(), "Next: `dvc repro`, then commit it.")
        return
    say(
        "It is kept, but does not count: params.yaml lists no key of yours that is here. "
        "Next: `pratique review setup`, then decide again."
    )
    raise typer.Exit(1)


def _warn_own(batch: str, given: Path | None) -> list[str]:
    """What is said at once to somebody who releases what they submitted, as far as git tells."""
    from pratique.decisions.deciding import read_record
    from pratique.decisions.judging import OWN, Submission
    from pratique.gate.changes import pointers
    from pratique.provenance import git

    try:
        submission = Submission.here(pointers(Path(read_record(batch, given).file)), params := load())
        own = submission.is_by(git.email_of(git.read_identity()), params)
    except PratiqueError:  # no git repository, so nobody can tell
        return []
    return [f"The gate will not count it: this release {OWN}."] if own else []


def _list_notes() -> list[str]:
    """What is said about who decides, if anything."""
    from pratique.words.identity import identity_note

    return [note] if (note := identity_note(load())) else []
