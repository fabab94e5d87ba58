"""What a check and an attack are, and how they are found: what a newcomer implements."""
