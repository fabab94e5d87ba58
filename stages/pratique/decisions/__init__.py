"""What people decide about a batch, whether it counts, and the chained ledger of results."""
