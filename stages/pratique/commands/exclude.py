"""The command `pratique exclude`: regions of rows that no model learns from, in params.yaml."""

from collections.abc import Sequence
from typing import Any

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import Params, load
from pratique.core.region import Region, check_region, tell_region
from pratique.core.screen import say
from pratique.core.text import say_count
from pratique.core.writing import write_text
from pratique.scaffold.editing import edit_params
from pratique.tables.trusted import read_reference
from pratique.training.exclusion import mark_region


def main(conditions: Sequence[str], undo: bool) -> None:
    """Add a region, take one away, or list what is there.

    Raises
    ------
    PratiqueError
        If no model is trained here, a condition is none, or the region is there already, or not there.
    """
    params = load()
    if not params.trains:
        told = "a stage of your own trains, so leave the rows out there"
        raise PratiqueError(f"{paths.PARAMS}: no section `train`: {told}")
    excluded = params.train.exclude
    if not conditions:
        if undo:
            raise PratiqueError("--undo: name the conditions of the region; `pratique exclude` lists what is excluded")
        lines = [f"{tell_region(each)}: {_count(each, params)}" for each in excluded]
        say(*(lines or ["No region is excluded from training."]))
        return
    region = _read_region(conditions)
    if undo != (region in excluded):
        state = "not excluded" if undo else "excluded already"
        raise PratiqueError(f"{tell_region(region)}: is {state}; `pratique exclude` lists what is")
    told = "" if undo else f": {_count(region, params)}"
    kept = [each for each in excluded if each != region]
    write_text(paths.PARAMS, _list_regions(kept if undo else [*kept, region]))
    say(f"wrote  {paths.PARAMS}: train.exclude {'lacks' if undo else 'has'} {tell_region(region)}{told}")
    say(f"Next: `dvc repro`, look at {paths.AUDIT_PAGE}, then commit {paths.PARAMS} in a change without data.")


def _read_region(conditions: Sequence[str]) -> Region:
    try:
        return check_region(tuple(conditions))
    except ValueError as error:
        raise PratiqueError(str(error)) from error


def _count(region: Region, params: Params) -> str:
    """How many trusted rows a region has; one that names what is not there is refused."""
    reference = read_reference(params.data)
    return f"{int(mark_region(reference, region).sum()):,} of {say_count(len(reference), 'trusted row')}"


def _list_regions(regions: Sequence[Region]) -> str:
    """The text of params.yaml with these regions, each on a line."""
    from ruamel.yaml.comments import CommentedSeq

    lines = [CommentedSeq(region) for region in regions]
    for line in lines:
        line.fa.set_flow_style()

    def write(document: Any) -> None:
        section = document["train"]
        if lines:
            section["exclude"] = lines
        else:
            section.pop("exclude", None)

    return edit_params(write, "with these regions")
