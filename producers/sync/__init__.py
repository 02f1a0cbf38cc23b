"""Sync: compares a schedule with what was last published, and publishes the difference for each mailbox."""
