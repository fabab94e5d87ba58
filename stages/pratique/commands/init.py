"""`pratique init` and `pratique reference`: what is said about trusted rows, what is asked, what is written."""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.image_params import ImageParams
from pratique.core.params import load
from pratique.core.screen import say
from pratique.core.sections import parse
from pratique.core.text import say_count
from pratique.core.writing import json_text
from pratique.scaffold.project import init, understand_rows
from pratique.scaffold.proposals import Proposal
from pratique.scaffold.remarks import Remark, list_remarks_beside
from pratique.tables.trusted import layout_of, read_reference
from pratique.training.manifest import MANIFEST
from pratique.words.identity import identity_note

IMAGE_WORDS = re.compile("([0-9]{1,4})x([0-9]{1,4})(?:x([0-9]{1,2}))?")


def main(
    folder: Path,
    into: Path | None,
    reference: Path,
    label: str,
    yes: bool,
    explain: bool,
    reviewers: Sequence[str],
    image: str | None,
) -> None:
    """Write a pipeline, or only say how the columns are understood.

    Parameters
    ----------
    folder : Path
    into : Path, optional
        A folder of it, beside whose pipeline it stands; the whole pipeline is written into `folder` itself if None.
    reference : Path
    label : str
    yes : bool
    explain : bool
    reviewers : sequence of str
    image : str, optional
        The size of rows that are images, as `28x28` or `32x32x3`.
    """
    size = None if image is None else _parse_image(image)
    team, folder = folder, folder if into is None else folder / into
    if explain:
        understood, table = understand_rows(folder, reference, label, size, anew=True)
        _say(understood.proposals)
        trusted = Batch("reference", table, layout_of(table, understood.data, understood.specs))
        _tell(list_remarks_beside(trusted, folder / paths.HOLDOUT))
        return
    asking = not yes and sys.stdin.isatty()
    keys = _parse_reviewers(reviewers)
    done = init(folder, reference, label, _ask if asking else None, keys, beside=into is not None, image=size)
    _say(done.understood.about_features if asking else done.understood.proposals)
    if done.understood.proposals and not (asking or yes):
        say("No terminal to ask on: every proposal is taken.")
    _tell(list_remarks_beside(done.trusted, folder / paths.HOLDOUT))
    for file in done.files:
        say(f"{'wrote' if file.new else 'kept '}  {file.path}")
    say(*filter(None, [identity_note(load(folder / paths.PARAMS))]))
    if into is None:
        say("Next: trusted rows for evaluation into data/holdout/, batches into data/incoming/<source>/, `dvc repro`.")
    else:
        say(*_lines_to_paste(Path(os.path.relpath(folder, team))))


def _lines_to_paste(place: Path) -> list[str]:
    """What a team adds to its own pipeline, which nobody else edits."""
    accepted, told = ((place / each).as_posix() for each in (paths.ACCEPTED, MANIFEST))
    return [
        f"Next: batches come into {place.as_posix()}/{paths.INCOMING}/<source>/. What is cleared is in {accepted}/.",
        f"Let the stage that trains read its rows there, and add to that stage in {paths.PIPELINE}:",
        "    deps:",
        f"      - {accepted}",
        f"Let its last command be `cd {place.as_posix()} && pratique manifest MODEL`, MODEL being what it wrote: "
        f"so `pratique trace` and `pratique recall` know which rows reached it. Commit {told}.",
        "Then `dvc repro --all-pipelines`, which writes the pages, too.",
    ]


def describe_reference(as_json: bool) -> None:
    """Print what the rows in data/reference hold."""
    trusted = read_reference(load().data)
    remarks = list_remarks_beside(trusted, paths.HOLDOUT)
    if as_json:
        facts = {"rows": len(trusted), "features": trusted.layout.kinds, "remarks": [asdict(each) for each in remarks]}
        typer.echo(json_text(facts, indent=2))
        return
    say(f"{say_count(len(trusted), 'trusted row')}, {say_count(len(trusted.layout.kinds), 'feature')}")
    _tell(remarks)


def _parse_reviewers(words: Sequence[str]) -> dict[str, str]:
    """The keys by address, from `ADDRESS=KEY`; a key ends in equals signs at times, an address has none."""
    return {address: key for address, _, key in (word.partition("=") for word in words)}


def _parse_image(words: str) -> ImageParams:
    """Height, width and channels, which are 1 where they are not named."""
    found = IMAGE_WORDS.fullmatch(words)
    if found is None:
        raise PratiqueError(
            "--image: expected HEIGHTxWIDTH or HEIGHTxWIDTHxCHANNELS in pixels, such as 28x28 or 32x32x3"
        )
    return parse(ImageParams, dict(zip(ImageParams.model_fields, map(int, found.groups("1")), strict=True)), "--image")


def _ask(proposal: str) -> bool:
    return typer.confirm(f"{proposal}\n  Take it?", default=True)


def _say(proposals: Sequence[Proposal]) -> None:
    for proposal in proposals:
        say(*proposal.text.splitlines())


def _tell(remarks: list[Remark]) -> None:
    """The remarks, most of which people only need to know: nothing is dropped for them."""
    if remarks:
        say("What the trusted rows hold (every limit is learned from them; nothing is dropped):")
    for remark in remarks:
        say(f"  {remark.text}")
