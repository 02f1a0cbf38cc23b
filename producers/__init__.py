"""Publishing schedules: a confirmed publisher, commands, sources of schedules, and the sync that finds what changed.

Imports ``contract`` and nothing else of Callsheet.
"""
