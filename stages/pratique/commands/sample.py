"""The commands `pratique sample`, which writes a folder to try, and `pratique experiment`, which runs one of them."""

from pathlib import Path
from typing import Annotated

import typer

from pratique.core.screen import say


def complete_names() -> list[str]:
    """What `--of` may name."""
    from pratique.scaffold.samples.folder import sample_names

    return sample_names()


def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder; made if it is not there.")] = Path(),
    of: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            autocompletion=complete_names,
            help="A pipeline (spam: mails that users report; digits: handwritten digits; digits-backdoor: a network "
            "with a back door; income: how a model treats women; iris: the experiment that this began with), or an "
            "experiment of docs/experiments/poisoned-training.md.",
        ),
    ] = "spam",
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Of income: UCI's Adult, as CSV or Parquet.")
    ] = None,
) -> None:
    """Write a sample that is complete: rows, some of them poisoned, and the pipeline that clears or examines them."""
    from pratique.scaffold.samples.folder import write_sample

    write_sample(folder, of, source)
    say(f"The sample is in {folder}; data/README.md there says what it holds.", "Next: `dvc repro` in that folder.")


def experiment() -> None:
    """Run the experiment of this folder, which `pratique sample --of NAME` wrote."""
    from pratique.experiments.run import run_experiment

    run_experiment()
