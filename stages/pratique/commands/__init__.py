"""What the commands of `pratique` do beyond one call."""
