"""Write the page of one size and its pictures from the results; nothing on the page comes from elsewhere.

python -m leaderboard.report SIZE [FOLDER]

The full run has `docs/leaderboard/index.md`, the quick one `quick-index.md`.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from leaderboard import data
from leaderboard.attacks import ATTACKS, UNSIMULATED
from leaderboard.exam import CLEAN, SIZES
from leaderboard.figures import Results, plain
from leaderboard.naming import BOUNDS, OURS, percent, title, tool, words
from leaderboard.pictures import draw
from leaderboard.protocol import FALSE_ALARMS
from leaderboard.run import PEERS

TEXT = ("attack", "tool", "after", "table", "best other", "likely why", "carried by", "licence", "SHA-256", "version")
COLUMNS = {"above": "batches caught at equal false alarms", "auroc": "rows, AUROC"}
ABOUT_LABELS = ("uniform_flips", "one_way_flips", "confusing_flips", "relabelled_copies")
ABOUT_CELLS = ("noise", "outliers", "mean_shift")
OTHER_RUN = {
    "quick": " With three tables they are wide: the [full run](index.md) is what to rely on.",
    "full": " The [quick run](quick-index.md) is what `make leaderboard` does in half an hour.",
}
KINDS = {"above": "batches", "auroc": "rows"}
REASONS = {
    ABOUT_LABELS: "one score is to see all that can be wrong; a tool for labels asks about nothing else",
    ABOUT_CELLS: "one score is to see all that can be wrong; a tool for cells asks about nothing else",
    UNSIMULATED: "the fusion was shown nothing like it",
}


def table(heads: Iterable[str], lines: Iterable[Iterable[object]]) -> str:
    """A table in Markdown; numbers stand to the right."""
    heads = list(heads)
    rule = ["---" if head in TEXT else "--:" for head in heads]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in [heads, rule, *lines])


def page(results: Results) -> str:
    """The whole page."""
    parts = [head(results), lose(results), catch(results), attacks(results), models(results), costs(results)]
    return "\n\n".join([*parts, tools(results), tables(results)]) + "\n"


def head(results: Results) -> str:
    """What was run, and the figures in short."""
    runs, size = results.runs, SIZES[results.size]
    names = sorted(set(runs["table"]))
    return f"""# Leaderboard

Tools that can tell poisoned batches of labelled rows from clean ones, on the same batches, by one
[protocol](protocol.md) and with `make leaderboard`. This is the **{results.size}** run: {len(names)} tables
({", ".join(names)}), {size.references} reference{"s" if size.references > 1 else ""} each, {len(ATTACKS)} attacks at
{", ".join(map(percent, size.rates))} of the rows, {len(results.batches) // max(1, len(results.peers)):,}
batches a tool; {max(runs["date"])}, {runs["machine"].iloc[0]}. Intervals are 95 %, by bootstrap over tables, references
and batches.{OTHER_RUN[results.size]}

{summary(results)}

![Batches caught at equal false alarms, each tool and attack]({results.named("attacks.png")})"""


def summary(results: Results) -> str:
    """The three lines that the README and the first page of the site repeat."""
    best, rows = best_other(results, "above"), best_other(results, "auroc")
    lost = [f"{words(attack)} ({KINDS[column]})" for column, attack, _, gap in results.losses(OURS) if gap.low > 0]
    return f"""- Batches caught where one clean batch in 20 would alarm: Pratique **{results.caught(OURS)}**,
  {title(best)} {results.caught(best)}; poisoned rows above clean ones (AUROC, .5 by
  chance): **{results.caught(OURS, "auroc")}**,
  {title(rows)} {results.caught(rows, "auroc")}.
- At each tool's own threshold, 1 in 100 allowed: {worst(results)} {title(best)}: {results.alarms(best)}.
- Another tool is better, by more than chance, at {", ".join(lost) or "no attack"}."""


def lose(results: Results) -> str:
    """Every attack at which another tool is better, the surest first."""
    found = sorted(results.losses(OURS), key=lambda line: -line[3].low)
    lines = [
        (
            f"{words(attack)}, {COLUMNS[column]}",
            results.caught(OURS, column, attack=attack),
            f"{title(best)}: {results.caught(best, column, attack=attack)}",
            f"{gap}{' **sure**' if gap.low > 0 else ''}",
            next((why for about, why in REASONS.items() if attack in about), "not known"),
        )
        for column, attack, best, gap in found
    ]
    mine, peers = results.costs(OURS), results.peers
    quicker = [peer for peer in peers if results.costs(peer)[1] < mine[1]]
    fewer = [peer for peer in peers if results.alarms(peer).mean < results.alarms(OURS).mean]
    steadier = [peer for peer in peers if results.alarms(peer, True).mean < results.alarms(OURS, True).mean]
    return f"""## Where we lose

- **False alarms.** {worst(results)} Fewer clean batches alarm with {listed(fewer)}.
- **Honest change.** Fewer batches that changed honestly alarm with {listed(steadier)}.
- **Time.** A batch takes Pratique {mine[1]:.0f} ms; {len(quicker)} tools are quicker: {listed(quicker)}.

{table(["attack", "Pratique", "best other", "difference", "likely why"], lines)}

The best other tool differs from line to line: who wants all of them runs all of them, each with its own false alarms.
*Sure* is a difference whose interval lies above zero, on the same batches."""


def worst(results: Results) -> str:
    """What was promised of clean batches, what was kept, and on which table it was kept least."""
    clean = results.of(OURS, [CLEAN]).groupby("table")["alarm"].mean()
    found = f"{results.alarms(OURS)} of clean batches alarm, {plain(FALSE_ALARMS)} was promised"
    return f"{found}; the worst table is {clean.idxmax()} with {plain(clean.max())}."


def listed(peers: list[str]) -> str:
    """Tools in a sentence."""
    return ", ".join(map(title, peers)) or "no other tool"


def catch(results: Results) -> str:
    """The main table."""
    rates = SIZES[results.size].rates
    heads = ["tool", *(f"caught at {percent(rate)}" for rate in rates), "caught, own threshold", "false alarms",
             "honest change", "rows, AUROC"]  # fmt: skip
    lines = [
        [
            title(peer),
            *(results.caught(peer, rate=rate) for rate in rates),
            results.caught(peer, "alarm"),
            results.alarms(peer),
            results.alarms(peer, honest=True),
            results.caught(peer, "auroc"),
        ]
        for peer in results.peers
    ]
    return f"""## Who catches what, at which cost in false alarms

*Caught at* compares tools at equal false alarms: batches above the level that one of the tool's own clean batches in
20 passes. *Own threshold* is the tool's verdict where it has one, and else the threshold that the protocol sets out of
fold at 1 in 100; *false alarms* and *honest change* are alarms at that threshold. Means over attacks and tables.

{table(heads, lines)}"""


def attacks(results: Results) -> str:
    """One line an attack, over rates."""
    lines = []
    for attack in ATTACKS:
        mark = " †" if attack in UNSIMULATED else ""
        line: list[object] = [words(attack) + mark]
        for column in COLUMNS:
            best = best_other(results, column, attack)
            found = results.caught(best, column, attack=attack)
            line += [results.caught(OURS, column, attack=attack), f"{title(best)} {found}"]
        lines.append(line)
    heads = ["attack", "batches: Pratique", "best other", "rows: Pratique", "best other"]
    return f"""## Attack by attack

Batches at equal false alarms, and AUROC of rows; over all rates. † No detector here simulates it.

{table(heads, lines)}"""


def best_other(results: Results, column: str, attack: str = "") -> str:
    """The best tool but ours."""
    others = [peer for peer in results.peers if peer != OURS]
    return max(others, key=lambda peer: np.nan_to_num(results.caught(peer, column, attack=attack).mean))


def models(results: Results) -> str:
    """Accuracy and attack success after each tool."""
    lines = [
        [title(peer), results.model(peer, "accuracy").in_percent(), results.model(peer, "success")]
        for peer in [*BOUNDS, *results.peers]
    ]
    return f"""## What the model is worth

A forest learns from the trusted rows and from every batch that the tool lets in: as many clean ones as poisoned ones,
at the highest rate. Accuracy on the holdout is the mean over attacks; *trigger works* is the share of triggered holdout
rows that are taken for the attacker's class. *No error* is a tool that errs never. A few batches beside many trusted
rows move accuracy little.

{table(["after", "accuracy, %", "trigger works"], lines)}"""


def costs(results: Results) -> str:
    """Seconds and memory, of the same run."""
    versions = results.runs.groupby("peer")["version"].last()
    lines = []
    for peer in results.peers:
        fit, batch, memory = results.costs(peer)
        lines.append([title(peer), f"{fit:.1f}", f"{batch:.0f}", f"{memory:,.0f}", versions[peer]])
    return f"""## Seconds and memory

Processor time on one thread, in the same run: to fit with the threshold (median over tables), for a batch (mean); and
the highest memory of the process. By these figures the full run of these tools takes {results.hours_of("full"):.0f}
processor hours.

{table(["tool", "fit, s", "batch, ms", "MiB", "version"], lines)}

![What each tool catches at its own threshold, its false alarms, time and memory]({results.named("costs.png")})"""


def tools(results: Results) -> str:
    """How each tool was used, and which could not run."""
    faults = results.runs[results.runs["fault"] != ""].groupby("peer")["fault"].first()
    lines = [f"- **{title(peer)}**: {tool(peer).USE}." for peer in results.peers]
    lines += [f"- **{title(peer)}** could not run: `{fault}`." for peer, fault in faults.items()]
    absent = [peer for peer in PEERS if peer not in results.peers and peer not in faults]
    why = "has not judged every table of this run, for want of hours"
    lines += [f"- **{title(peer)}** {why}: {tool(peer).USE}." for peer in absent]
    return "## How each tool is used\n\n" + "\n".join(lines)


def tables(results: Results) -> str:
    """Where the rows come from."""
    lines = [
        [name, data.SOURCES[name].package, data.SOURCES[name].licence, f"`{data.SOURCES[name].sha256}`"]
        for name in data.SOURCES
    ]
    return f"""## Tables

Read from what is installed; nothing is downloaded at run time, and a file with another SHA-256 is refused. `python -m
leaderboard.run --folder FOLDER` takes Parquet files of your own.

{table(["table", "carried by", "licence", "SHA-256"], lines)}"""


def main() -> None:
    """Write the page and draw."""
    size, folder = sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else data.ROOT / "docs/leaderboard"
    results = Results.read(folder, size)
    (folder / results.named("index.md")).write_text(page(results), encoding="utf-8")
    draw(results, folder)


if __name__ == "__main__":
    main()
