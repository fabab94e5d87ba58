"""Known poison in copies of the team's own rows, measured and judged as what comes in."""
