"""The requests that wait: how they are stored in Redis, and who hands them out."""
