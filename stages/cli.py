"""The command `pratique`, for people and CI. It parses words, calls, prints; what it calls lives elsewhere."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from stages.core import errors

app = typer.Typer(
    help="Keep poisoned data out of training: clear each batch before a model sees it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Root of a git repository.")],
    reference: Annotated[Path, typer.Option("--from", help="Trusted rows: a file, or a folder of files.")],
    label: Annotated[str, typer.Option(help="Column that a model learns to predict.")],
) -> None:
    """Write a pipeline into a repository, inferred from trusted rows; never overwrite."""
    from stages.scaffold.project import init as write

    for file in write(folder, reference, label):
        typer.echo(f"{'wrote' if file.new else 'kept '}  {errors.printable(str(file.path))}")
    typer.echo(
        "Next: trusted rows for evaluation into data/holdout/, batches into data/incoming/<source>/, `dvc repro`."
    )


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where data/ is written.")] = Path(),
    of: Annotated[
        Literal["digits", "iris"], typer.Option(help="iris: an experiment, with its params.yaml.")
    ] = "digits",
) -> None:
    """Write the sample data: handwritten digits in 25 batches, some of them poisoned."""
    from stages.scaffold.iris import write_iris
    from stages.scaffold.sample import write_sample

    write_iris(folder) if of == "iris" else write_sample(folder)


@app.command()
def calibrate() -> None:
    """Learn from data/reference what normal looks like."""
    from stages.calibrate import main as stage

    stage()


@app.command()
def ingest() -> None:
    """Read what came into data/incoming."""
    from stages.ingest import main as stage

    stage()


@app.command()
def validate() -> None:
    """Measure and judge every batch; quarantine what is not cleared."""
    from stages.validate import main as stage

    stage()


@app.command()
def train() -> None:
    """Train the model on accepted rows."""
    from stages.train import main as stage

    stage()


@app.command()
def evaluate() -> None:
    """Compare models with and without the gate on data/holdout."""
    from stages.evaluate import main as stage

    stage()


@app.command()
def drill(
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; all processors if not given.")] = None,
) -> None:
    """Poison copies of accepted rows; measure what is caught and what it costs."""
    from stages.drill import main as stage

    stage(jobs)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV or Parquet files.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the verdicts there.")] = None,
    rows_file: Annotated[
        Path | None, typer.Option("--rows", help="Write a score for every row there (Parquet).")
    ] = None,
) -> None:
    """Examine files without touching the pipeline: exit 0 all accepted, 1 some not, 2 could not decide."""
    from stages.core.writing import write_json, write_table
    from stages.quarantine.adhoc import check_files, line, rows_of, verdicts_of

    cleared = check_files(files)
    for path, summary in cleared.items():
        typer.echo(line(path, summary))
    if json_file is not None:
        write_json(json_file, verdicts_of(cleared))
    if rows_file is not None:
        write_table(rows_file, rows_of(cleared))
    if any(summary.verdict.verdict == "quarantine" for summary in cleared.values()):
        raise typer.Exit(1)


@app.command()
def status(
    svg_file: Annotated[Path | None, typer.Option("--svg", help="Write it there as a picture, too.")] = None,
) -> None:
    """Show what the last run quarantined and why."""
    from rich.console import Console

    from stages.reports.summary import picture, summary

    Console().print(summary())
    if svg_file is not None:
        picture(svg_file)


def main() -> None:
    """Run the command that the words ask for."""
    errors.run(app)


if __name__ == "__main__":
    main()
