"""One value each, from the site's words: pure functions that never raise on any text."""
