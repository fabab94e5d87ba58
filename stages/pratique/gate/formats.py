"""What the gate found, for machines and for a pull request's page: JSON, JUnit XML, SARIF and Markdown.

Each form has one function that makes foreign text inert in it: `_xml`, `_sarif`, `_md`; `json_text`
writes JSON.
"""

import re
import shlex
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml

from pratique.core import paths
from pratique.core.errors import printable
from pratique.core.version import __version__
from pratique.core.writing import write_json, write_text
from pratique.gate.changes import Refusal
from pratique.gate.judge import GatedBatch, GateResult
from pratique.provenance.parts import CheckRecord
from pratique.terminal.summary import clauses

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_SUMMARY = 1_000_000
"""Bytes of the Markdown page: GitHub refuses a summary of 1,024 KiB or more."""
MAX_MESSAGE = 300
TOP_REASONS = 3

VERDICT_JSON = paths.GATE / "verdict.json"
JUNIT_XML = paths.GATE / "junit.xml"
SARIF_JSON = paths.GATE / "gate.sarif"
SUMMARY_MD = paths.GATE / "summary.md"


def write_gate_files(result: GateResult) -> None:
    """Write all four below data/reports/gate, which git is told to ignore."""
    write_json(VERDICT_JSON, verdict_json(result))
    write_text(JUNIT_XML, junit(result))
    write_json(SARIF_JSON, sarif(result))
    write_text(SUMMARY_MD, markdown(result))
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
    plain = record.verdict == "accept" and not (record.alarms or record.decisions or record.uncounted)
    reasons = [*gated.objections, *([] if plain else clauses(record))]
    return [printable(reason)[:MAX_MESSAGE] for reason in reasons]


def next_command(result: GateResult) -> str | None:
    """What to do about the first thing that stands in the way."""
    if result.refused:
        return printable(result.refused[0].remedy)
    stopped = next((gated for gated in result.batches if not gated.passes), None)
    if stopped is None:
        return None
    recursive = "" if stopped.path.suffix else "-r "  # a folder of parts has no suffix
    remove = f"git rm {recursive}{shlex.quote(stopped.path.as_posix())}"
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
        "preview": result.preview and result.preview.to_json(),
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
        cases.append((gated.name, check.name, _describe_measurement(check) if failed else None))
    return [*cases, (gated.name, "outcome", None if gated.passes else "; ".join(why(gated)[:TOP_REASONS]))]


def _describe_measurement(check: CheckRecord) -> str:
    if check.fault is not None:
        return f"failed: {check.fault}"
    words = "; ".join(check.breaches[:TOP_REASONS])
    return words or f"observed {check.observed}, limit {check.limit}, p = {check.p_value}"


def sarif(result: GateResult) -> dict[str, Any]:
    """SARIF 2.1.0: one result for each batch and check that alarms, one for a batch that is stopped otherwise."""
    results = [finding for gated in result.batches for finding in _findings(gated)]
    results += [_finding("refused", "error", describe_refusal(each), printable(each.path)) for each in result.refused]
    rules = sorted({finding["ruleId"] for finding in results})
    driver = {"name": "pratique", "version": __version__, "rules": [{"id": rule} for rule in rules]}
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": results}],
    }


def _findings(gated: GatedBatch) -> list[dict[str, Any]]:
    path, level = gated.path.as_posix(), "note" if gated.passes else "error"
    alarms = [check for check in gated.record.checks if check.alarm]
    found = [_finding(check.name, level, f"{gated.name}: {_describe_measurement(check)}", path) for check in alarms]
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


def markdown(result: GateResult) -> str:
    """The page for a pull request: the verdict first, batches folded, cut before it gets too large."""
    lines = [f"## Pratique: {_md(headline(result))}", ""]
    command = next_command(result)
    if command is not None:
        lines += [f"Next: {_code(command)}", ""]
    lines += [f"- {_md(describe_refusal(each))}" for each in result.refused]
    lines += [f"- source {_code(source)} is not listed in {_code(str(paths.SOURCES))}" for source in result.unlisted]
    lines += [f"- {_md(note)}" for note in result.notes]
    lines += [f"- {_code(place)} is not verified; it is made again after the merge" for place in result.unverified]
    if result.preview is not None:
        lines += [f"- {_md(line)}" for line in (result.preview.text, *(flip.text for flip in result.preview.flips))]
    for gated in sorted(result.batches, key=lambda g: (g.passes, g.name)):
        lines += _fold_batch(gated)
    text, size = [], 0
    for i, line in enumerate(lines):
        size += len(line.encode()) + 1
        if size > MAX_SUMMARY:
            text.append(f"\nCut here; {len(lines) - i} more lines are in {_code(str(VERDICT_JSON))}.")
            break
        text.append(line)
    return "\n".join(text) + "\n"


def _fold_batch(gated: GatedBatch) -> list[str]:
    record = gated.record
    mark = "cleared" if gated.passes else "**not cleared**"
    rows = "".join(
        f"| {_code(check.name)} | {check.observed} | {check.limit} | {check.p_value} "
        f"| {'alarm' if check.alarm else ''} |\n"
        for check in record.checks
    )
    return [
        f"<details><summary>{mark}: {_code(gated.name)}, {record.verdict}, p = {record.p_value}</summary>",
        "",
        *(f"- {_code(reason)}" for reason in why(gated)),
        "",
        *(["| check | observed | limit | p-value | |", "|---|--:|--:|--:|---|", rows.rstrip("\n")] if rows else []),
        "",
        "</details>",
    ]


def _xml(text: str) -> str:
    """Text without the characters that XML can't hold in any form."""
    return printable(text)[:MAX_MESSAGE]


def _sarif(text: str) -> str:
    """Text of a message, in which brackets make no link (SARIF 2.1.0, section 3.11.6)."""
    return re.sub(r"[\\\[\]]", r"\\\g<0>", printable(text)[:MAX_MESSAGE])


def _md(text: str) -> str:
    """Text that no Markdown renderer takes for markup or a link.

    Renderers look for `www.` before they resolve entities, for mentions and e-mail addresses after that, but not across
    elements.
    """
    cut = printable(text)[:MAX_MESSAGE]
    plain = re.sub(r"[\\`*_{}\[\]()<>#+!|~&:$-]|(?<=[wW]{3})\.", lambda match: f"&#{ord(match[0])};", cut)
    return plain.replace("@", "<span>@</span>")


def _code(text: str) -> str:
    """Text of others: in code, renderers do not look for numbers of issues either."""
    return f"<code>{_md(text)}</code>"
