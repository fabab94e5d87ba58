"""The pipeline's folder: a repository can hold several, each with a params.yaml of its own."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pratique.core import paths
from pratique.core.documents import read_yaml
from pratique.core.errors import PratiqueError


def find_home(files: Iterable[Path] = ()) -> Path:
    """The pipeline's folder: this one, or the nearest above it in the repository, with a params.yaml of ours.

    Where none is there it is the nearest one above the files that a command is about: a hook runs at the top.

    Raises
    ------
    PratiqueError
        If there is none, or the files are of several.
    """
    here = Path.cwd()
    home = _find_above(here)
    if home is not None:
        return home
    found = sorted({home for file in files if (home := _find_above(file.parent.resolve())) is not None})
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(os.path.relpath(home) for home in found)
        raise PratiqueError(
            f"{paths.PARAMS}: these files are of several pipelines ({names}); name those of one at a time"
        )
    below = [str(folder.relative_to(here)) for folder in _list_below(here) if has_params(folder)]
    remedy = f"; go to one that is below: `cd {below[0]}`" if below else ", or write one with `pratique init`"
    more = f" (or {', '.join(below[1:])})" if below[1:] else ""
    raise PratiqueError(
        f"{paths.PARAMS}: not found with sections `data` and `checks`, here or above. "
        f"Run this in the pipeline's folder{remedy}{more}"
    )


def _find_above(folder: Path) -> Path | None:
    """The nearest folder of a pipeline, not beyond the repository."""
    for each in (folder, *folder.parents):
        if has_params(each):
            return each
        if (each / ".git").exists():
            return None
    return None


def _list_below(folder: Path) -> list[Path]:
    """The folders just below, and those below them, that hold a params.yaml, sorted; hidden ones are nobody's."""
    found = (place.parent for depth in ("*", "*/*") for place in folder.glob(f"{depth}/{paths.PARAMS}"))
    return sorted(each for each in found if not any(part.startswith(".") for part in each.relative_to(folder).parts))


def has_params(folder: Path) -> bool:
    """Whether a folder has a params.yaml of ours, sound or not."""
    place = folder / paths.PARAMS
    try:
        return place.is_file() and is_ours(read_yaml(place))
    except PratiqueError:
        return True


def is_ours(found: Any) -> bool:
    """Whether what a params.yaml holds is meant for this program; another program's may stand on the way to it.

    What can't be told is taken for ours: then it is an error, and no other policy steps in for it.
    """
    if not isinstance(found, dict):
        return True
    data = found.get("data")
    return "checks" in found or (isinstance(data, dict) and "label" in data)
