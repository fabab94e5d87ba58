"""Signatures of commits, as git checks them: who vouches with a key for what a commit brings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.provenance import git
from pratique.provenance.git import Commit
from pratique.provenance.signing import ssh_line

NO_OTHER_FORMAT = ("gpg.program=false", "gpg.x509.program=false")
"""A signature of another kind than SSH is not looked at: no program runs on what a change brings."""


def list_signers(commits: Sequence[Commit], keys: Mapping[str, str]) -> frozenset[str] | None:
    """The owners of the keys that these commits are signed with; None unless one of these keys has signed each.

    Parameters
    ----------
    commits : sequence of Commit
    keys : mapping of str to str
        Public keys, as params.yaml lists them, by their owners.
    """
    if not commits or not keys:
        return None
    owners = {f"key-{i}": owner for i, owner in enumerate(keys)}  # git takes a principal for a pattern
    with TemporaryDirectory(prefix="pratique-") as folder:
        allowed = Path(folder) / "allowed_signers"
        lines = (f"{name} {ssh_line(keys[owner])}\n" for name, owner in owners.items())
        allowed.write_text("".join(lines), encoding="utf-8")
        settings = (f"gpg.ssh.allowedSignersFile={allowed}", *NO_OTHER_FORMAT)
        flags = [word for setting in settings for word in ("-c", setting)]
        shas = [commit.sha for commit in commits]
        printed = git.run(*flags, "log", "--no-walk=unsorted", "--format=%G?%x00%GS", *shas)
    checked = [line.split("\0") for line in printed.splitlines()]
    if not all(state == "G" and name in owners for state, name in checked):
        return None
    return frozenset(owners[name] for _, name in checked)
