"""The leaderboard's pictures: who catches what, and at which cost."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from leaderboard.attacks import ATTACKS
from leaderboard.figures import Estimate, Results, plain
from leaderboard.naming import OURS, title, words
from leaderboard.protocol import FALSE_ALARMS


def draw(results: Results, folder: Path) -> None:
    """Two pictures: tools against attacks, and what is caught against what it costs."""
    names = list(ATTACKS)
    shares = np.array([[results.caught(peer, attack=attack).mean for attack in names] for peer in results.peers])
    figure = Figure(figsize=(9, 0.36 * len(results.peers) + 2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, vmin=0, vmax=1, cmap="BuGn", aspect="auto")
    axes.set_xticks(range(len(names)), [words(name) for name in names], rotation=35, ha="right")
    axes.set_yticks(range(len(results.peers)), [title(peer) for peer in results.peers])
    for (row, column), share in np.ndenumerate(shares):
        axes.text(column, row, plain(share), ha="center", va="center", color="white" if share > 0.6 else "black")
    axes.set_title("share of poisoned batches above the level of one clean batch in 20")
    figure.savefig(folder / results.named("attacks.png"), dpi=110, metadata={"Software": None})

    draw_costs(results, folder / results.named("costs.png"))


def draw_costs(results: Results, place: Path) -> None:
    """A line a tool: what is caught at its own threshold, false alarms, time and memory."""
    peers = results.peers[::-1]
    panels: dict[str, list[Estimate]] = {
        "poisoned batches that alarm": [results.caught(peer, "alarm") for peer in peers],
        "clean batches that alarm": [results.alarms(peer) for peer in peers],
        "milliseconds a batch": [Estimate(*[results.costs(peer)[1]] * 3) for peer in peers],
        "memory, MiB": [Estimate(*[results.costs(peer)[2]] * 3) for peer in peers],
    }
    figure = Figure(figsize=(11, 0.3 * len(peers) + 1), layout="constrained")
    for axes, (name, found) in zip(figure.subplots(1, 4, sharey=True), panels.items(), strict=True):
        for line, (peer, one) in enumerate(zip(peers, found, strict=True)):
            color = "crimson" if peer == OURS else "teal"
            axes.errorbar(one.mean, line, xerr=[[one.mean - one.low], [one.high - one.mean]], fmt="o", color=color)
        axes.set(xlabel=name, xscale="log" if "milli" in name else "linear")
        axes.grid(alpha=0.3)
        axes.set_yticks(range(len(peers)), map(title, peers))
        if "clean" in name:
            axes.axvline(FALSE_ALARMS, linestyle="--", linewidth=0.8, color="grey")
    figure.savefig(place, dpi=110, metadata={"Software": None})
