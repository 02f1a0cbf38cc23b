"""Reading the journal of the stand-in Exchange: when was which mailbox written."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Write:
    """A request that wrote. ``at`` in seconds since 1970: from then on the change can be read."""

    at: float
    mailbox: str


class Journal:
    """The file of ``--journal``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def end(self) -> int:
        """A mark: what is written later stands after it."""
        return self.path.stat().st_size if self.path.exists() else 0

    def since(self, mark: int) -> list[Write]:
        """All writes after a mark."""
        with self.path.open(encoding="utf-8") as file:
            file.seek(mark)
            lines = [line.split() for line in file]
        return [Write(float(at), mailbox) for at, mailbox in lines]
