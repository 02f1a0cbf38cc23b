"""Readers of schedules: each turns one kind of file or database into a :class:`producers.sync.schedule.Schedule`."""
