"""Who did what to which bytes: git, signatures, and the record of a batch."""
