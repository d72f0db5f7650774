"""PostgreSQL: migrations, and the way of stores into their table."""
