"""What people read in a terminal: the summary of a run, a batch explained, the queue."""
