"""A synthetic Diningcode: a seeded city of invented restaurants behind the site's own HTTP shapes.

Nothing here is real: names, numbers and reviews are drawn at random. For tests, demonstrations and measurements.
"""
