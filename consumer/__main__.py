"""``python -m consumer`` is ``callsheet-consumer``."""

from consumer.commands import main

main()
