"""What a reader raises when its file cannot be trusted."""


class DamagedFile(Exception):
    """A file that is broken or says something impossible: which one, where, and what was expected.

    Line and column count from 1. Whoever catches this must not have changed anything yet.
    """

    def __init__(self, file: str, problem: str, line: int | None = None, column: int | None = None) -> None:
        place = "" if line is None else f":{line}" if column is None else f":{line}:{column}"
        super().__init__(f"{file}{place}: {problem}")
        self.file = file
        self.line = line
        self.column = column
