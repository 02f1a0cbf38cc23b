"""Schedules in iCalendar (RFC 5545): files, and addresses that are asked again and again."""
