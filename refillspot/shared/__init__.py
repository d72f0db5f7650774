"""What all workers share in Redis."""
