"""One value each, from the site's words: pure functions that never raise on any text."""

PARSER_VERSION = 4
"""Of what is made of a page, here and in the rooms of `sites`; one more whenever the same page reads otherwise."""
