"""Measures Callsheet beside a plain consumer, on one broker and one stand-in Exchange: ``make bench``."""
