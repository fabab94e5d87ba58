"""Which rows reached which model, whether all here is as the records say, and that told in other tools' formats."""
