"""Which rows reached which model, and whether everything here is what the records say."""
