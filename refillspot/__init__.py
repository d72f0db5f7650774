"""refillspot: every all-you-can-eat (무한리필) restaurant of a city, true, complete and fresh, in PostgreSQL."""
