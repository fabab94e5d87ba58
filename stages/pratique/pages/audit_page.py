"""The page of the model: which requirements it breaks and what to do, then what each audit found."""

import shlex
from collections.abc import Mapping, Sequence

import numpy as np

from pratique.contract.audit import Audit, AuditFinding, AuditPicture, plain_name
from pratique.core.region import tell_region
from pratique.dossier.pictures import to_uri
from pratique.pages.draw import draw
from pratique.results.exclusions import ExcludedRegion
from pratique.results.requirements import JudgedRequirement
from pratique.statistics.resampling import Estimate
from pratique.words.requirements import count_states, split_steps, tell_answer, tell_bound, tell_measured, tell_remedy
from pratique.words.worth import MODELS


def audit_page(
    judged: Sequence[JudgedRequirement],
    findings: Mapping[str, AuditFinding],
    audits: Mapping[str, type[Audit]],
    excluded: Sequence[ExcludedRegion] = (),
) -> str:
    """Draw the page.

    Parameters
    ----------
    judged : sequence of JudgedRequirement
        In the order in which they are shown.
    findings : mapping of str to AuditFinding
    audits : mapping of str to type of Audit
        By the same names.
    excluded : sequence of ExcludedRegion
        What no model learns from.
    """
    sections = {figure: (name, place) for place, name in enumerate(findings, 1) for figure in findings[name].figures}
    asked = [
        (
            each,
            _tell_meaning(each.figure, sections, audits),
            sections.get(each.figure, ("", 0))[1],
            tell_measured(each),
            tell_bound(each.requirement),
            split_steps(tell_remedy(each, audits)),
        )
        for each in judged
    ]
    parts = [
        (
            audits[name],
            found,
            _list_figures(audits[name], found),
            [(each.title, _draw(each)) for each in found.pictures],
        )
        for name, found in findings.items()
    ]
    told = {
        "answer": tell_answer(judged),
        "summary": count_states(judged),
        "asked": asked,
        "parts": parts,
        "models": MODELS,
        "identity": "",
    }
    return draw("audit.html", **told, excluded=[(each, *_tell_region(each)) for each in excluded])


def _tell_region(each: ExcludedRegion) -> tuple[str, str]:
    """A region in words, and the command that learns from it again."""
    return tell_region(each.region), f"pratique exclude --undo {shlex.join(each.region)}"


def _tell_meaning(figure: str, sections: Mapping[str, tuple[str, int]], audits: Mapping[str, type[Audit]]) -> str:
    """What a figure is; nothing of one that no audit measures: those of the comparison are plain words."""
    return audits[sections[figure][0]].meanings[plain_name(figure)] if figure in sections else ""


def _draw(picture: AuditPicture) -> str:
    """A picture as a square, white where it has no pixel."""
    lines = np.array(picture.lines)
    return to_uri(1 - np.pad(lines, [(0, max(lines.shape) - side) for side in lines.shape]))


def _list_figures(audit: type[Audit], found: AuditFinding) -> list[tuple[str, str, list[Estimate | None]]]:
    """Each figure with what it is, of the model that is shipped and of the others."""
    models = [found.figures, *found.others.values()]
    return [
        (name, audit.meanings[plain_name(name)], [figures.get(name) for figures in models])
        for name in dict.fromkeys(name for figures in models for name in figures)
    ]
