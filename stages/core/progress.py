"""Progress of long work: a bar on a terminal, silence in a log."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def track(items: Sequence[Item], doing: str) -> Iterable[Item]:
    """Iterate, with a bar on standard error where that is a terminal."""
    from rich.console import Console
    from rich.progress import track as bar

    console = Console(stderr=True)
    return bar(items, description=doing, console=console, transient=True, disable=not console.is_terminal)
