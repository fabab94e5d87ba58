"""Stage validate: measure every batch, judge it, and put each row in exactly one place.

Quarantining exits 0, because a verdict is data; `pratique check` and CI turn it into an exit code.
"""

from pratique.quarantine.clearing import clear_all


def main(jobs: int | None = None) -> None:
    """Clear everything in data/batches, with so many processes at most."""
    clear_all(jobs)
