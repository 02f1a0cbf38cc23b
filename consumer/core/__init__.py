"""The pure core: what an event means for what stands in a mailbox. No I/O, no clock, no logging."""
