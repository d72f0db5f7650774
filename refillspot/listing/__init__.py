"""The stores for people: which are asked for, a table of them, and one with all that is known of it."""
