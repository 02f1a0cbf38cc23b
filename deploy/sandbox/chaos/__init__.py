"""A seeded run in which everything dies, hangs, lies or comes late, and a comparison of every calendar at its end.

Judges from outside, as the rest of the sandbox does: events go in by ``callsheet-producer``, calendars are read back
over EWS, and what ought to stand in them is worked out here from the events alone.
"""
