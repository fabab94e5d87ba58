"""The workflow that runs the gate on every change, for the folder that the pipeline is in, and what it installs."""

import os
import re
from importlib.resources import files
from pathlib import Path, PurePosixPath

from pratique.core.errors import PratiqueError, printable
from pratique.core.home import find_home
from pratique.core.version import __version__
from pratique.provenance import git
from pratique.scaffold.project import Written, write_new

PLAIN_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
"""What each part of the way to a pipeline, and of a branch's name, may be in a workflow."""
WORKFLOWS = {"github": ".github/workflows/pratique{}.yml", "gitlab": ".gitlab/pratique{}.yml"}
"""Where the workflow of a forge is, from git's top folder; the braces stand for the way to the pipeline."""
PINNED = Path("requirements-pratique.in")
HASH_COMMAND = (
    "uv pip compile --universal --generate-hashes --no-emit-index-url --no-header "
    "requirements-pratique.in -o requirements-pratique.txt"
)
PIN = f"""\
# What the gate's job installs; the job takes requirements-pratique.txt, which says it by hash. To make that file:
# {HASH_COMMAND}
pratique=={__version__}
"""


def write_workflow(forge: str) -> tuple[Written, ...]:
    """Write the workflow, and the version that it is to install, for the pipeline that the current folder belongs to.

    Raises
    ------
    PratiqueError
        If this is no git repository, or has no branch; or if the folder or the branch has a name that a shell or YAML
        could take for something else.
    """
    folder = _find_folder()
    text = workflow_text(forge, folder, git.find_main_branch())
    top = Path(git.run("rev-parse", "--show-toplevel").rstrip("\n"))
    place = top / WORKFLOWS[forge].format(_suffix(folder))
    files = {place: text, top / folder / PINNED: PIN}
    return tuple(write_new(Path(os.path.relpath(path)), content) for path, content in files.items())


def workflow_text(forge: str, folder: PurePosixPath, branch: str) -> str:
    """The text of the workflow of a forge.

    Parameters
    ----------
    forge : {"github", "gitlab"}
    folder : PurePosixPath
        The way from git's top folder to the pipeline's.
    branch : str
        The branch that changes are merged into.
    """
    text = (files("pratique.scaffold") / "ci" / f"{forge}.yml").read_text(encoding="utf-8")
    for name, parts, kind in ((str(folder), folder.parts, "folder"), (branch, branch.split("/"), "branch")):
        if not all(map(PLAIN_PART.fullmatch, parts)):
            raise PratiqueError(
                f"{printable(name)}: a workflow names this {kind}; expected letters, digits, dot, dash and underscore "
                f"between slashes; rename the {kind}"
            )
    below = bool(folder.parts)
    said = {
        "@FOLDER@": f"{folder}/" if below else "",
        "@SUFFIX@": f" ({folder})" if below else "",
        "@NAME@": _suffix(folder),
        "@BRANCH@": branch,
    }
    for mark, words in said.items():
        text = text.replace(mark, words)
    return text


def _suffix(folder: PurePosixPath) -> str:
    return "".join(f"-{part}" for part in folder.parts)


def _find_folder() -> PurePosixPath:
    """The way from git's top folder to the pipeline's; where nothing is yet, everything is still to come here."""
    try:
        return git.find_prefix(find_home())
    except PratiqueError:
        return git.find_prefix()
