"""Applies schedule changes to Exchange calendars."""
