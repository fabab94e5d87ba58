"""The command `pratique`, for people and CI. It parses words, calls, prints; what it calls lives elsewhere."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from pratique.commands import lineage, model, policy, review
from pratique.commands.erase import erase
from pratique.commands.placing import alone_in_pipeline, in_pipeline
from pratique.commands.promote import promote
from pratique.commands.sample import experiment, sample
from pratique.commands.status import status
from pratique.core import errors
from pratique.core.screen import display, say
from pratique.core.version import __version__

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(review.app, name="review")
app.command()(status)
app.command()(promote)
app.command()(erase)
app.command()(sample)
app.command()(experiment)
app.add_typer(lineage.app)
app.add_typer(policy.app)
app.add_typer(model.app)

Jobs = Annotated[int | None, typer.Option(min=1, help="Processes; all processors if not given.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"pratique {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    version: Annotated[  # it acts as soon as it is read
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version, and stop.")
    ] = False,
) -> None:
    """Keep poisoned data out of training: clear each batch before a model sees it."""


@app.command()
def init(
    reference: Annotated[Path, typer.Option("--from", help="Trusted rows: a file, or a folder of files.")],
    label: Annotated[str, typer.Option(help="Column that a model learns to predict.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Root of a git repository.")] = Path(),
    into: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Beside a pipeline: write there alone.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Take every proposal about the columns.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Print the proposals again, and write nothing.")] = False,
    reviewer: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS=KEY", help="Whose decisions count, and their public key.")
    ] = None,
    image: Annotated[str | None, typer.Option(metavar="HxW[xC]", help="Rows are images: pixels, channels.")] = None,
) -> None:
    """Write a pipeline into a repository, inferred from trusted rows; never overwrite."""
    from pratique.commands.init import main as write

    write(folder, into, reference, label, yes, explain, reviewer or [], image)


@app.command()
@in_pipeline
def reference(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Say what the rows in data/reference hold: repeats, contradictions, labels that look wrong."""
    from pratique.commands.init import describe_reference

    describe_reference(as_json)


@app.command()
def ci(forge: Annotated[Literal["github", "gitlab"], typer.Argument(help="Whose workflow to write.")]) -> None:
    """Write a workflow that runs the gate of this folder on every change, and what it installs; never overwrite."""
    from pratique.scaffold.workflow import HASH_COMMAND, write_workflow

    for file in write_workflow(forge):
        say(f"{'wrote' if file.new else 'kept '}  {file.path}")
    say(f"Next: {HASH_COMMAND}", "Then commit all three, and require the job on the base branch.")


@app.command()
@alone_in_pipeline
def calibrate() -> None:
    """Learn from data/reference what normal looks like."""
    from pratique.pipeline.calibrate import main as stage

    stage()


@app.command()
@alone_in_pipeline
def ingest() -> None:
    """Read what came into data/incoming."""
    from pratique.pipeline.ingest import main as stage

    stage()


@app.command()
@alone_in_pipeline
def validate(jobs: Jobs = None) -> None:
    """Measure and judge every batch; quarantine what is not cleared."""
    from pratique.pipeline.validate import main as stage

    stage(jobs)


@app.command()
@alone_in_pipeline
def train() -> None:
    """Train the model on accepted rows."""
    from pratique.pipeline.train import main as stage

    stage()


@app.command()
@alone_in_pipeline
def evaluate() -> None:
    """Compare models with and without the gate on data/holdout."""
    from pratique.pipeline.evaluate import main as stage

    stage()


@app.command()
@alone_in_pipeline
def report() -> None:
    """Write the pages that people decide on, and show what was quarantined and why."""
    from pratique.pipeline.report import main as stage

    stage()


@app.command()
@alone_in_pipeline
def drill(jobs: Jobs = None) -> None:
    """Poison copies of trusted rows; measure what is caught and what it costs."""
    from pratique.pipeline.drill import main as stage

    stage(jobs)


@app.command()
@in_pipeline
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV or Parquet files.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the verdicts there.")] = None,
    rows_file: Annotated[
        Path | None, typer.Option("--rows", help="Write a score for every row there (Parquet).")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 where single rows are held, too.")] = False,
) -> None:
    """Examine files without touching the pipeline: exit 0 all accepted, 1 some not, 2 could not decide."""
    from pratique.core.text import say_count
    from pratique.core.writing import write_json, write_table
    from pratique.quarantine.adhoc import check_files, rows_of, summary_lines, verdicts_of

    cleared, late = check_files(files)
    for path, summary in cleared.items():
        say(*summary_lines(path, summary))
    if json_file is not None:
        write_json(json_file, verdicts_of(cleared))
    if rows_file is not None:
        write_table(rows_file, rows_of(cleared))
    if late:
        raise errors.PratiqueError(f"could not decide on {say_count(len(late), 'file')}: {'; '.join(late.values())}")
    refused = {"quarantine", "waiting", *(["partial"] if strict else [])}
    if any(summary.said in refused for summary in cleared.values()):
        raise typer.Exit(1)


@app.command()
@in_pipeline
def verify(
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train, measure and draw once more, too: model, metrics, pages.")
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option(min=1, help="Examine that many batches anew, drawn at random, and take the others as kept."),
    ] = None,
    require_attestations: Annotated[
        bool, typer.Option("--require-attestations", help="Each accepted batch must have a summary that CI signed.")
    ] = False,
) -> None:
    """Compute results once more from what came in, offline, and compare: exit 1 if something does not hold."""
    from pratique.commands.verify import main as verify_all

    if not verify_all(retrain, sample, require_attestations):
        raise typer.Exit(1)


@app.command()
@alone_in_pipeline
def gate(
    base: Annotated[str, typer.Option(metavar="REF", help="The branch that the change is to be merged into.")],
    head: Annotated[
        str, typer.Option(metavar="REF", help="The commit to judge; what is not committed is not.")
    ] = "HEAD",
    require_batch: Annotated[bool, typer.Option("--require-batch", help="Exit 3 if no batch is new.")] = False,
    attest: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Sign a verification summary of each cleared batch, and write it there."),
    ] = None,
    verified_at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%SZ"], help="When this is, in UTC; else the summaries say none."),
    ] = None,
    submitter: Annotated[
        str | None,
        typer.Option(metavar="WHO", help="Who submits the change, as CI knows: e-mail address or account."),
    ] = None,
    learn: Annotated[
        bool, typer.Option("--learn", help="Judge nothing; keep below .git what later runs learn of this base.")
    ] = False,
) -> None:
    """Judge a change by the policy of its base: exit 0 cleared, 1 refused, 2 undecided, 3 none (--require-batch)."""
    from pratique.commands.gate import learn_base
    from pratique.commands.gate import main as judge

    if learn:
        learn_base(base)
        return
    raise typer.Exit(judge(base, head, require_batch, attest, verified_at, submitter))


@app.command()
def doctor() -> None:
    """Say what this machine and this folder have, what is missing and what mends it: exit 0 all is well, 1 not."""
    from pratique.commands.doctor import main as examine

    if not examine():
        raise typer.Exit(1)


@app.command()
@in_pipeline
def unseen(
    rate: Annotated[float, typer.Option(min=0, max=1, help="Share of poisoned rows in a batch.")] = 0.2,
    batches: Annotated[int, typer.Option(min=1, help="Batches for each attack.")] = 10,
    rows: Annotated[int, typer.Option(min=5, help="Rows in a batch.")] = 100,
) -> None:
    """Leave each family of attacks out of what the fusion is shown, and see what is still caught."""
    from rich.table import Table

    from pratique.core.params import load
    from pratique.drill.unseen import leave_one_family_out

    table = Table("family", "batches", "caught", "caught unseen")
    for found in leave_one_family_out(load(), rate, batches, rows):
        table.add_row(found.family, str(found.batches), f"{found.shown:.2f}", f"{found.unseen:.2f}")
    display(table)


@app.command()
@in_pipeline
def explain(
    batch: Annotated[str, typer.Argument(metavar="BATCH[:ROW]", help="<source>/<batch>, or a row of it.")],
    row: Annotated[int | None, typer.Argument(help="The row, if it is not named with the batch.")] = None,
) -> None:
    """Say why a batch, or one row of it, was judged as it was."""
    from pratique.tables.arrival import split_row
    from pratique.terminal import explain as words

    name, named = split_row(batch)
    chosen = named if row is None else row
    display(words.explain(name) if chosen is None else words.explain_row(name, chosen))


def main() -> None:
    """Run the command that the words ask for."""
    errors.run(app)


if __name__ == "__main__":
    main()
