"""Known poison in copies of trusted rows, measured and judged as what comes in."""
