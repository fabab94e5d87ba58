"""What the gate found, as Markdown: for the page of a run, and for a comment at the change."""

import re
from pathlib import PurePosixPath
from urllib.parse import quote

from pratique.core import paths
from pratique.core.errors import printable
from pratique.core.text import say_count
from pratique.gate.judge import GatedBatch, GateResult
from pratique.gate.telling import describe_refusal, headline, next_command, rank, why
from pratique.words.numbers import chance
from pratique.words.verdicts import advice

MAX_SUMMARY = 1_000_000
"""Bytes of the Markdown page: GitHub refuses a summary of 1,024 KiB or more."""
MAX_COMMENT = 60_000
"""Bytes of the comment: GitHub takes 65,536 characters."""
FOOTER = (
    "Each batch's page (`index.html`), a picture of the worst (`worst.png`) and the records lie beside the verdict, in "
    "the artefact of this run. To decide takes no run of the pipeline: "
    "`pratique review release BATCH --record records/BATCH.json`."
)


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
    if result.preview is not None:
        blocks += [f"- {_md(line)}" for line in (result.preview.text, *(flip.text for flip in result.preview.flips))]
    batches = sorted(result.batches, key=rank)
    blocks += [_fold_batch(gated, not i and not gated.passes) for i, gated in enumerate(batches)]
    blocks += ["", FOOTER] if batches else []
    text, size = [], 0
    for i, block in enumerate(blocks):
        size += len(block.encode()) + 1
        if size > most:
            left_out = say_count(len(blocks) - i, "more entry", "more entries")
            text.append(f"\nCut here; see {_code(str(paths.GATE / 'verdict.json'))} for {left_out}.")
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


def _fold_batch(gated: GatedBatch, unfolded: bool) -> str:
    record = gated.record
    mark = "cleared" if gated.passes else "<b>not cleared</b>"
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


def _md(text: str) -> str:
    """Text that no Markdown renderer takes for markup or a link.

    Renderers look for `www.` before they resolve entities, for mentions and e-mail addresses after that, but not across
    elements.
    """
    cut = printable(text)
    plain = re.sub(r"[\\`*_{}\[\]()<>#+!|~&:$-]|(?<=[wW]{3})\.", lambda match: f"&#{ord(match[0])};", cut)
    return plain.replace("@", "<span>@</span>")


def _code(text: str) -> str:
    """Text of others: in code, renderers do not look for numbers of issues either."""
    return f"<code>{_md(text)}</code>"
