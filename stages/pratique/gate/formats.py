"""What the gate found, for machines and for a pull request's page: JSON, JUnit XML, SARIF and Markdown.

Each form has one function that makes foreign text inert in it: `_xml`, `_sarif`, and `_md` in
`markdown.py`; `json_text` writes JSON.
"""

import re
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml

from pratique.core import paths
from pratique.core.errors import printable
from pratique.core.version import __version__
from pratique.core.writing import write_json, write_text
from pratique.detector.hypotheses import describe
from pratique.gate.judge import GatedBatch, GateResult
from pratique.gate.markdown import comment, markdown
from pratique.gate.telling import describe_refusal, headline, next_command, tell_outcome, why
from pratique.provenance import git
from pratique.words.alarms import tell_alarm

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_TOLD = 1_500
"""Characters that tell one alarm: what others wrote in it, and what to do about it."""

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


def _cases(gated: GatedBatch) -> list[Case]:
    """Owner, name and failure of each case. Alarms of a batch that is let in are no failures."""
    cases: list[Case] = []
    for check in gated.record.checks:
        failed = check.alarm and not gated.passes
        cases.append((gated.name, check.name, tell_alarm(check, gated.record) if failed else None))
    return [*cases, (gated.name, "outcome", None if gated.passes else tell_outcome(gated))]


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
    path, level = gated.changed.as_posix(), "note" if gated.passes else "error"
    alarms = [check for check in gated.record.checks if check.alarm]
    found = [_finding(check.name, level, f"{gated.name}: {tell_alarm(check, gated.record)}", path) for check in alarms]
    if not gated.passes:
        found.append(_finding("outcome", level, f"{gated.name}: {tell_outcome(gated)}", path))
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


def _xml(text: str) -> str:
    """Text without the characters that XML can't hold in any form."""
    return printable(text)[:MAX_TOLD]


def _sarif(text: str) -> str:
    """Text of a message, in which brackets make no link (SARIF 2.1.0, section 3.11.6)."""
    return re.sub(r"[\\\[\]]", r"\\\g<0>", printable(text)[:MAX_TOLD])
