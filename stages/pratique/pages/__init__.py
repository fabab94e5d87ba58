"""The HTML pages that people decide on."""
