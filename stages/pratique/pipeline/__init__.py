"""The bodies of the DVC stages: read, call, write."""
