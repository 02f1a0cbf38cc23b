"""The whole system on one machine: private broker, stand-in Exchange, consumer replicas, sample schedule, comparison.

Runs from the checkout only; it is not part of the installed package.
"""
