"""Numbers, alarms and advice as people say them."""
