"""The one place that writes to terminals and to the logs of CI: whatever is told there commands neither."""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.core.errors import printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

RUNNER_COMMAND = re.compile(r"(?<=:):|(?<=#)#(?=\w*\[)")
"""The second character of what runners obey: `::error` at the start of a line (GitHub), `##[error]` and `##vso[`
anywhere in it (GitHub, Azure), `##teamcity[`."""
MAX_LINE = 2_000
STANDARD_OUTPUT = Path("-")
"""How a path says that nothing is written to a file."""


def inert(text: str) -> str:
    """A line that no terminal and no CI runner obeys, cut where it would go on and on.

    Examples
    --------
    >>> inert("::error::a\\x1b[31mb")
    ':\\\\x3aerror:\\\\x3aa\\\\x1b[31mb'
    """
    cut = text if len(text) <= MAX_LINE else f"{text[:MAX_LINE]}..."
    return RUNNER_COMMAND.sub(lambda match: f"\\x{ord(match[0]):02x}", printable(cut))


def say(*lines: str, error: bool = False) -> None:
    """Print lines, to standard error where they are about one."""
    for line in lines:
        print(inert(line), file=sys.stderr if error else sys.stdout)


def display(renderable: "RenderableType", console: "Console | None" = None) -> None:
    """Print what rich lays out, made inert once it is laid out."""
    (console or make_console()).print(_Inert(renderable))


def make_console(**options: Any) -> "Console":
    """A console that takes no text for markup."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False, **options)


@dataclass(frozen=True)
class _Inert:
    """A renderable whose text is made inert."""

    inner: "RenderableType"

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "Iterable[Segment]":
        from rich.segment import Segment

        for part in console.render(self.inner, options):
            yield part if part.control else Segment("\n".join(map(inert, part.text.split("\n"))), part.style)
