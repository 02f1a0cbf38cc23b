"""Messages that were put aside: reading them without wearing them out, putting them back to work, dropping them."""
