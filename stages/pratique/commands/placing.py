"""Where a command works: in the pipeline's folder, which may be above the one that it is called from."""

import contextlib
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from pratique.core.home import find_home
from pratique.core.lock import hold_alone
from pratique.core.screen import STANDARD_OUTPUT, say


def in_pipeline(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command run in the folder of the nearest params.yaml of ours, and name it where that is another folder."""

    @wraps(command)
    def run(**words: Any) -> None:
        home, here = find_home(words.get("files", ())), Path.cwd()
        if home != here:
            say(f"Working in {os.path.relpath(home)}, the folder of the nearest params.yaml of Pratique's.", error=True)
            words = {name: _seen_from(home, value) for name, value in words.items()}
        with contextlib.chdir(home):
            command(**words)

    return run


def alone_in_pipeline(command: Callable[..., None]) -> Callable[..., None]:
    """The same for a command that writes below data/: no other may do so meanwhile."""
    return in_pipeline(hold_alone()(command))


def _seen_from(home: Path, value: Any) -> Any:
    """A path, or each path of a list, that was given as it is seen from the current folder."""
    if isinstance(value, list):
        return [_seen_from(home, each) for each in value]
    if not isinstance(value, Path) or value.is_absolute() or value == STANDARD_OUTPUT:
        return value
    return Path(os.path.relpath(value, home))
