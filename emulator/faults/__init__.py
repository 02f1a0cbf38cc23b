"""Faults on demand: what an EWS server may do to its clients, switched on for tests."""
