"""The verdict, which judges measurements without looking at data, and the record, which remembers them."""
