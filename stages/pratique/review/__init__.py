"""The review server: the same pages with a form to decide on, on this machine only."""
