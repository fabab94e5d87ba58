"""The workflow that runs the gate on every change, for the folder that the pipeline is in."""

import re
from importlib.resources import files
from pathlib import PurePosixPath

from pratique.core.errors import PratiqueError, printable
from pratique.core.home import find_home
from pratique.provenance import git

PLAIN_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def write_workflow(forge: str) -> str:
    """The text of the workflow of a forge, for the pipeline that the current folder belongs to.

    Raises
    ------
    PratiqueError
        If the folder has a name that a shell or YAML could take for something else.
    """
    text = (files("pratique.scaffold") / "ci" / f"{forge}.yml").read_text(encoding="utf-8")
    folder = _find_folder()
    for part in folder.parts:
        if not PLAIN_FOLDER.fullmatch(part):
            raise PratiqueError(
                f"{printable(str(folder))}: expected letters, digits, dot, dash and underscore in the way to a "
                "pipeline that a workflow runs in; rename the folder"
            )
    below = bool(folder.parts)
    said = {
        "@FOLDER@": f"{folder}/" if below else "",
        "@SUFFIX@": f" ({folder})" if below else "",
        "@NAME@": f"-{'-'.join(folder.parts)}" if below else "",
    }
    for mark, words in said.items():
        text = text.replace(mark, words)
    return text


def _find_folder() -> PurePosixPath:
    """The way from git's top folder to the pipeline's; where nothing is yet, everything is still to come here."""
    try:
        return git.find_prefix(find_home())
    except PratiqueError:
        pass
    try:
        return git.find_prefix()
    except PratiqueError:
        return PurePosixPath()
