"""What a run left on disk, read back as typed objects: facts, metrics, prices, models of the past."""
