"""Everything that the page of one batch shows, put together: suspects, what they share, charts, pictures."""
