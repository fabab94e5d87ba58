"""The command `pratique status`: what the last run found, and what was decided since."""

from pathlib import Path
from typing import Annotated

import typer

from pratique.commands.placing import in_pipeline
from pratique.core.screen import display


@in_pipeline
def status(
    svg_file: Annotated[Path | None, typer.Option("--svg", help="Write it there as a picture, too.")] = None,
) -> None:
    """Show what the last run quarantined and why."""
    from pratique.core import paths
    from pratique.core.params import load
    from pratique.results.records import read_records, tell_waiting
    from pratique.tables.arrival import tell_strays
    from pratique.terminal.queue import list_pending_lines
    from pratique.terminal.summary import picture, summary
    from pratique.words.alarm_rate import tell_alarm_rate
    from pratique.words.identity import identity_note

    params, records = load(), read_records()
    notes = (
        tell_strays(paths.INCOMING),
        tell_waiting(),
        tell_alarm_rate(records, params.alarms.alpha),
        identity_note(params),
    )
    display(summary(records, notes, list_pending_lines(params)))
    if svg_file is not None:
        picture(svg_file, notes)
