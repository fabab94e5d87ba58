"""What tools, attacks and rates are called."""

import importlib
from types import ModuleType

OURS = "pratique"
BOUNDS = ("no tool", "trusted rows alone", "no error")


def title(peer: str) -> str:
    """What a tool is called."""
    return peer if peer in BOUNDS else tool(peer).TITLE


def tool(peer: str) -> ModuleType:
    """The file of a tool."""
    return importlib.import_module(f"leaderboard.peers.{peer}")


def words(attack: str) -> str:
    """An attack as people say it."""
    return attack.replace("_", " ")


def percent(rate: float) -> str:
    """A rate as it is printed."""
    return f"{100 * rate:.0f} %"
