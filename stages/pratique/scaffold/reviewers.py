"""A reviewer's key: made once, outside the repository, and its public half listed in params.yaml."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pratique.core import paths
from pratique.core.errors import PratiqueError, printable
from pratique.core.params import load
from pratique.core.writing import write_text
from pratique.provenance import git, signing
from pratique.scaffold.editing import edit_params


@dataclass(frozen=True)
class Reviewer:
    """A reviewer who is set up.

    Attributes
    ----------
    address : str
        As git knows them.
    key : Path
        The private key.
    public : str
        Its public half, as params.yaml lists it.
    made, listed : bool
        Whether the key is new; whether its line in params.yaml is.
    """

    address: str
    key: Path
    public: str
    made: bool
    listed: bool


def set_up_reviewer() -> Reviewer:
    """Make the key of whoever works here, or find it, and list it in params.yaml; a second call changes nothing.

    Raises
    ------
    PratiqueError
        If git does not know who works here, the key lies in the repository, or params.yaml lists another for them.
    """
    params, address = load(), git.email_of(git.read_identity())
    key = signing.private_key() or signing.reviewer_key_place()
    if key.resolve().is_relative_to(_find_repository()):
        raise PratiqueError(f"{key}: a private key in the repository would be committed; name a place outside of it")
    made = not key.exists()
    listed = params.signing.key_of(address)
    if listed is not None and (made or listed.strip() != signing.public_line(key)):
        raise PratiqueError(
            f"{paths.PARAMS}: signing.reviewers: lists another key for {address} than {key}; take that line away first"
        )
    if made:
        signing.make_key(key)
    public = signing.public_line(key)
    if listed is None:
        write_text(paths.PARAMS, _list_key(address, public))
    return Reviewer(address, key, public, made, listed is None)


def _find_repository() -> Path:
    """The top folder of git's; this one, where git has none."""
    try:
        return Path(git.run("rev-parse", "--show-toplevel").strip()).resolve()
    except PratiqueError:
        return Path.cwd().resolve()


def write_reviewers(reviewers: Mapping[str, str]) -> str:
    """Reviewers as they stand in params.yaml after `reviewers:`.

    Raises
    ------
    PratiqueError
        If an address is none, or what should be a public key is none.
    """
    for address, public in reviewers.items():
        if "@" not in address or not git.IDENTITY_PATTERN.fullmatch(f"<{address}>"):
            raise PratiqueError(f"--reviewer: '{printable(address)}' is no e-mail address; expected ADDRESS=PUBLIC_KEY")
        signing.ssh_line(public)
    return json.dumps(dict(reviewers))


def _list_key(address: str, public: str) -> str:
    """The text of params.yaml with one more reviewer."""

    def add(document: Any) -> None:
        document["signing"] = signed = document.get("signing") or {}
        signed["reviewers"] = reviewers = signed.get("reviewers") or {}
        reviewers[address] = public

    return edit_params(add, f"with {address}")
