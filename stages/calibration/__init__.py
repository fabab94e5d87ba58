"""What the trusted reference teaches: fitted checks, and how each of their statistics behaves on clean rows."""
