"""Schedules in PostgreSQL: a transactional outbox that is drained as it fills, and a query that is read as a whole."""
