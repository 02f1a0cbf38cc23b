"""One function for each operation of the protocol."""
