"""A consumer as a competent engineer writes it from the documentation of FastStream and exchangelib."""
