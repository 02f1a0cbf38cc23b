"""A line in a file for each request that wrote: who measures how soon a change can be read needs the moment."""

import time
from pathlib import Path


class Journal:
    """Appends ``SECONDS ADDRESS`` to a file after each request that wrote; seconds since 1970, to the microsecond."""

    def __init__(self, path: Path) -> None:
        """Raises OSError when the file cannot be written."""
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def mailbox_changed(self, address: str) -> None:
        """To be called after each write to a mailbox."""
        self._file.write(f"{time.time():.6f} {address}\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
