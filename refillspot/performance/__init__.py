"""The user's table: what was to be reached, measured on this machine against a synthetic site."""
