"""One lane for each mailbox: the unit of order, of batching and of back-off."""
