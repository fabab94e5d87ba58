"""The command `pratique promote`: accepted batches become part of the reference, in a change of its own."""

from pathlib import Path
from typing import Annotated

import typer

from pratique.commands.placing import alone_in_pipeline
from pratique.core import paths
from pratique.core.screen import say
from pratique.core.text import say_count
from pratique.tables.arrival import POINTER_SUFFIX


@alone_in_pipeline
def promote(
    batches: Annotated[list[str], typer.Argument(metavar="BATCH...", help="<source>/<batch>, accepted or released.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would move, and move nothing.")] = False,
) -> None:
    """Move accepted rows of batches into the reference, with their provenance; commit it in a change of its own."""
    from pratique.core.params import load
    from pratique.results.promotion import plan_promotion, reference_place
    from pratique.words.verdicts import tell_release

    plan = plan_promotion(batches, load())
    for record, table in plan.moves:
        held = f"; {say_count(record.held_rows, 'held row')} left out" if record.held_rows else ""
        say(f"{record.batch}: {say_count(table.num_rows, 'row')} to {reference_place(record.batch)}{held}")
        say(*(f"  {told}" for told in filter(None, [tell_release(record)])))
    for source, share in plan.shares.items():
        say(f"{source}: {share:.1%} of the reference after that")
    if dry_run:
        return
    say(*(f"wrote  {path}" for path in plan.carry_out()))
    for pointer in _list_pointers([Path(record.file) for record, _ in plan.moves]):
        say(f"Next: {pointer}")
    say("Next: commit this in a change of its own; after the merge, `dvc repro` and `pratique review confirm`.")


def _list_pointers(moved: list[Path]) -> list[str]:
    """What DVC must be told where it keeps batches or the reference."""
    commands = []
    for file in moved:
        if (pointer := file.with_name(file.name + POINTER_SUFFIX)).is_file():
            commands.append(f"dvc remove {pointer}; dvc add {paths.PROMOTED / file.parent.name / file.name}")
    for folder in (*sorted({file.parent for file in moved}), paths.INCOMING, paths.REFERENCE):
        if folder.with_name(folder.name + POINTER_SUFFIX).is_file():
            commands.append(f"dvc add {folder}")
    return commands
