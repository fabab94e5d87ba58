"""Tables from outside: which files came in, reading them strictly, and their rows as points in one space."""
