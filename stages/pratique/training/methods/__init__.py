"""Methods of training, one file each: ways to learn from rows of which some may be poisoned."""
