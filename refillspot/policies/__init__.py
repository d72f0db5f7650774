"""How fast, how many, what is kept for how long, when to ask again. Pure: time and chance are passed in."""
