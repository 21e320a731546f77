"""What every request meets: problems, idempotency, patience, a place in the queue."""
