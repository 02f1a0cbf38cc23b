"""Cutting a stream into lines."""

from producers.lines import LineSplitter


def test_lines_are_cut_the_same_however_the_chunks_fall() -> None:
    text = b"one\n\ntwo two\n" + b"x" * 30 + b"\nlast"
    for size in range(1, len(text) + 1):
        splitter = LineSplitter(longest=10)
        found = [line for at in range(0, len(text), size) for line in splitter.feed(text[at : at + size])]
        found += splitter.end()
        assert [line.content for line in found] == [b"one", b"", b"two two", None, b"last"]
        assert [line.number for line in found] == [1, 2, 3, 4, 5]
        assert found[3].length == 30
