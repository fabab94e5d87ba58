"""What the gate found, for machines and for a pull request's page: JSON, JUnit XML, SARIF and Markdown.

Each form has one function that makes foreign text inert in it: `_xml`, `_sarif`, `_md`; `json_text`
writes JSON.
"""

import re
import shlex
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml

from pratique.core import paths
from pratique.core.errors import printable
from pratique.core.version import __version__
from pratique.core.writing import write_json, write_text
from pratique.detector.hypotheses import describe
from pratique.gate.changes import Refusal
from pratique.gate.judge import GatedBatch, GateResult
from pratique.gate.showing import rank_worst
from pratique.provenance import git
from pratique.terminal.summary import clauses
from pratique.words.alarms import tell_alarm
from pratique.words.verdicts import advice, chance

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_SUMMARY = 1_000_000
"""Bytes of the Markdown page: GitHub refuses a summary of 1,024 KiB or more."""
MAX_COMMENT = 60_000
"""Bytes of the comment: GitHub takes 65,536 characters."""
MAX_MESSAGE = 300
MAX_TOLD = 1_500
"""Characters that tell one alarm: what others wrote in it, and what to do about it."""
TOP_REASONS = 3

FOOTER = (
    "Each batch's page (`index.html`), a picture of the worst (`worst.png`) and the records lie beside the verdict, in "
    "the artefact of this run. To decide takes no run of the pipeline: "
    "`pratique review release BATCH --record records/BATCH.json`."
)
RESULT_KINDS = {"refused": "the change brings a file that it may not bring", "outcome": "the batch is not let in"}
"""What SARIF says of the results that are no check's."""

VERDICT_JSON = paths.GATE / "verdict.json"
JUNIT_XML = paths.GATE / "junit.xml"
SARIF_JSON = paths.GATE / "gate.sarif"
SUMMARY_MD = paths.GATE / "summary.md"
COMMENT_MD = paths.GATE / "comment.md"


def write_gate_files(result: GateResult) -> None:
    """Write all of them below data/reports/gate, which git is told to ignore."""
    write_json(VERDICT_JSON, verdict_json(result))
    write_text(JUNIT_XML, junit(result))
    write_json(SARIF_JSON, sarif(result))
    write_text(SUMMARY_MD, markdown(result))
    write_text(COMMENT_MD, comment(result, git.find_prefix()))
    write_text(paths.GATE / ".gitignore", "*\n")


def headline(result: GateResult) -> str:
    """One line that says everything to whoever is in a hurry."""
    stopped = sum(not gated.passes for gated in result.batches)
    if result.refused:
        return f"refused: {len(result.refused)} files of the change can not be let in"
    if stopped:
        return f"refused: {stopped} of {len(result.batches)} batches not cleared"
    if not result.batches:
        return "passed: no batch is new or changed"
    return f"passed: {len(result.batches)} of {len(result.batches)} batches cleared"


def why(gated: GatedBatch) -> list[str]:
    """The reasons for one batch, the strongest first; what a batch wrote can't command a terminal."""
    record = gated.record
    plain = record.verdict == "accept" and not record.alarms and not record.decisions
    reasons = [*gated.objections, *([] if plain else clauses(record))]
    return [printable(reason)[:MAX_MESSAGE] for reason in reasons]


def next_command(result: GateResult) -> str | None:
    """What to do about a file that is refused, else about the worst batch that is stopped."""
    if result.refused:
        return printable(result.refused[0].remedy)
    stopped = min((gated for gated in result.batches if not gated.passes), key=_rank, default=None)
    if stopped is None:
        return None
    remove = f"git rm {shlex.quote(stopped.path.as_posix())}"
    if stopped.record.fault is not None or stopped.record.decision == "reject":
        return remove
    if stopped.record.holds:
        return f"put right what is named, or {remove}"
    return f'{remove}; or somebody else: pratique review release {shlex.quote(stopped.name)} --reason "..."'


def verdict_json(result: GateResult) -> dict[str, Any]:
    """Everything, for programs."""
    return {
        "verdict": "pass" if result.passes else "fail",
        "headline": headline(result),
        "base": result.base,
        "head": result.head,
        "refused": [{"path": printable(each.path), "reason": printable(each.reason)} for each in result.refused],
        "unlisted_sources": list(result.unlisted),
        "unverified": list(result.unverified),
        "notes": list(map(printable, result.notes)),
        "submitter": result.submitter and printable(result.submitter),
        "next": next_command(result),
        "batches": [
            {
                "batch": gated.name,
                "path": gated.path.as_posix(),
                "passes": gated.passes,
                "verdict": gated.record.verdict,
                "outcome": gated.record.outcome,
                "p_value": gated.record.p_value,
                "reasons": why(gated),
                "authors": sorted(gated.submission.authors),
            }
            for gated in result.batches
        ],
    }


def junit(result: GateResult) -> str:
    """JUnit XML: one test case for each batch and check, one for what is decided, one for the change itself."""
    cases = [_change_case(result)] + [case for gated in result.batches for case in _cases(gated)]
    failures = sum(message is not None for _, _, message in cases)
    top = Xml.Element("testsuites")
    suite = Xml.SubElement(
        top, "testsuite", name="pratique gate", tests=str(len(cases)), failures=str(failures), errors="0"
    )
    for owner, name, message in cases:
        case = Xml.SubElement(suite, "testcase", classname=_xml(owner), name=_xml(name))
        if message is not None:
            Xml.SubElement(case, "failure", type="pratique", message=_xml(message))
    Xml.indent(top)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(top, encoding="unicode")}\n'


Case = tuple[str, str, str | None]


def _change_case(result: GateResult) -> Case:
    return ("change", "brings nothing that is refused", "; ".join(map(describe_refusal, result.refused)) or None)


def describe_refusal(refusal: Refusal) -> str:
    """A refusal as one line."""
    return printable(f"{refusal.path}: {refusal.reason}")[:MAX_MESSAGE]


def _cases(gated: GatedBatch) -> list[Case]:
    """Owner, name and failure of each case. Alarms of a batch that is let in are no failures."""
    cases: list[Case] = []
    for check in gated.record.checks:
        failed = check.alarm and not gated.passes
        cases.append((gated.name, check.name, tell_alarm(check, gated.record) if failed else None))
    return [*cases, (gated.name, "outcome", None if gated.passes else "; ".join(why(gated)[:TOP_REASONS]))]


def sarif(result: GateResult) -> dict[str, Any]:
    """SARIF 2.1.0: one result for each batch and check that alarms, one for a batch that is stopped otherwise."""
    results = [finding for gated in result.batches for finding in _findings(gated)]
    results += [_finding("refused", "error", describe_refusal(each), printable(each.path)) for each in result.refused]
    rules = [_rule(name) for name in sorted({finding["ruleId"] for finding in results})]
    driver = {"name": "pratique", "version": __version__, "rules": rules}
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": results}],
    }


def _rule(name: str) -> dict[str, Any]:
    """What SARIF's readers show of a kind of result."""
    described = describe(name)
    said = {"id": name, "shortDescription": {"text": RESULT_KINDS.get(name, described.alarm)}}
    return said | ({"help": {"text": described.advice}} if described.advice else {})


def _findings(gated: GatedBatch) -> list[dict[str, Any]]:
    path, level = gated.path.as_posix(), "note" if gated.passes else "error"
    alarms = [check for check in gated.record.checks if check.alarm]
    found = [_finding(check.name, level, f"{gated.name}: {tell_alarm(check, gated.record)}", path) for check in alarms]
    if not gated.passes:
        found.append(_finding("outcome", level, f"{gated.name}: {'; '.join(why(gated)[:TOP_REASONS])}", path))
    return found


def _finding(rule: str, level: str, message: str, path: str) -> dict[str, Any]:
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": _sarif(message)},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": quote(printable(path))}, "region": {"startLine": 1}}}
        ],
        "partialFingerprints": {"pratique/v1": f"{path}:{rule}"},
    }


def markdown(result: GateResult, most: int = MAX_SUMMARY) -> str:
    """For a pull request: the verdict first, then the worst batch; cut before it has more bytes than `most`."""
    blocks = [f"## Pratique: {_md(headline(result))}", ""]
    command = next_command(result)
    if command is not None:
        blocks += [f"Next: {_code(command)}", ""]
    blocks += [f"- {_md(describe_refusal(each))}" for each in result.refused]
    blocks += [f"- source {_code(source)} is not listed in {_code(str(paths.SOURCES))}" for source in result.unlisted]
    blocks += [f"- {_md(note)}" for note in result.notes]
    blocks += [f"- {_code(place)} is not verified; it is made again after the merge" for place in result.unverified]
    batches = sorted(result.batches, key=_rank)
    blocks += [_fold_batch(gated, not i and not gated.passes) for i, gated in enumerate(batches)]
    blocks += ["", FOOTER] if batches else []
    text, size = [], 0
    for i, block in enumerate(blocks):
        size += len(block.encode()) + 1
        if size > most:
            text.append(f"\nCut here; {len(blocks) - i} more entries are in {_code(str(VERDICT_JSON))}.")
            break
        text.append(block)
    return "\n".join(text) + "\n"


def comment(result: GateResult, folder: PurePosixPath) -> str:
    """The same for a comment; by its first line, which nobody sees, the next run finds it and writes over it.

    Parameters
    ----------
    result : GateResult
    folder : PurePosixPath
        The pipeline's, from git's top folder: each pipeline of a repository has a comment of its own.
    """
    return f"<!-- pratique gate: {quote(str(folder))} -->\n{markdown(result, MAX_COMMENT)}"


def _rank(gated: GatedBatch) -> tuple[bool, float, str]:
    """What sorts batches: those that are stopped first, of these the worst."""
    return gated.passes, *rank_worst(gated.record)


def _fold_batch(gated: GatedBatch, unfolded: bool) -> str:
    record = gated.record
    mark = "cleared" if gated.passes else "**not cleared**"
    told = f"{mark}: {_code(gated.name)}, {record.verdict}"
    if not gated.passes and record.p_value:
        told += f"; of clean batches {chance(record.p_value)} would look so odd"
    rows = [
        f"| {_code(check.name)} | {check.observed} | {check.limit} | {check.p_value} "
        f"| {'alarm' if check.alarm else ''} |"
        for check in record.checks
    ]
    lines = [
        f"<details{' open' * unfolded}><summary>{told}</summary>",
        "",
        *(f"- {_code(reason)}" for reason in why(gated)),
        *([] if gated.passes else ["", f"{_md(advice(record, planted=False, repeated=False))}"]),
        "",
        *(["| check | observed | limit | p-value | |", "|---|--:|--:|--:|---|", *rows] if rows else []),
        "",
        "</details>",
    ]
    return "\n".join(lines)


def _xml(text: str) -> str:
    """Text without the characters that XML can't hold in any form."""
    return printable(text)[:MAX_TOLD]


def _sarif(text: str) -> str:
    """Text of a message, in which brackets make no link (SARIF 2.1.0, section 3.11.6)."""
    return re.sub(r"[\\\[\]]", r"\\\g<0>", printable(text)[:MAX_TOLD])


def _md(text: str) -> str:
    """Text that no Markdown renderer takes for markup or a link.

    Renderers look for `www.` before they resolve entities, for mentions and e-mail addresses after that, but not across
    elements.
    """
    cut = printable(text)[:MAX_TOLD]
    plain = re.sub(r"[\\`*_{}\[\]()<>#+!|~&:$-]|(?<=[wW]{3})\.", lambda match: f"&#{ord(match[0])};", cut)
    return plain.replace("@", "<span>@</span>")


def _code(text: str) -> str:
    """Text of others: in code, renderers do not look for numbers of issues either."""
    return f"<code>{_md(text)}</code>"
