"""Running one stage as a script of its own, as dvc.yaml of this repository does."""

from collections.abc import Callable
from typing import Any

import typer

from pratique.core import errors
from pratique.core.lock import hold_alone


def run(main: Callable[..., Any]) -> None:
    """Run a stage; its docstring and arguments are what `--help` shows."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(hold_alone()(main))
    errors.run(app)
