"""The drill: known poison in copies of the team's own rows, measured and judged as anything that comes in."""
