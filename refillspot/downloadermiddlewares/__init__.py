"""Between the engine and the site, in the order that `refillspot/middlewares.py` lists."""
