"""What the trusted reference teaches, and the judgement of a batch by it."""
