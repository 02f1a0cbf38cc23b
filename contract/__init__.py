"""What others may rely on: the event, its limits, the partition rule and the fixed names.

Nothing here imports another part of Callsheet. Producers and consumers both build on it.
"""
