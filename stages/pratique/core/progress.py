"""Progress of long work: a bar on a terminal, silence in a log."""

from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def show_progress(items: Iterable[Item], doing: str, total: int | None = None) -> Iterable[Item]:
    """Iterate, with a bar on standard error where that is a terminal; `total` where items have no length."""
    from rich.console import Console
    from rich.progress import track as bar

    console = Console(stderr=True)
    return bar(items, description=doing, total=total, console=console, transient=True, disable=not console.is_terminal)
