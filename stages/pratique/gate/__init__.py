"""May this change be merged? What it brings, judged by the policy of its base."""
