"""One file, one attack. A module here is found by its name; nothing else has to be told about it."""
