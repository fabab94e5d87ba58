"""Statistics that know no type of this project: conformal p-values, tails, null distributions, mixtures, bets."""
