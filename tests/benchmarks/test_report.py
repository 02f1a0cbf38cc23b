"""The document says what the results say, and the same results give the same bytes."""

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from benchmarks.figures import summary
from benchmarks.plots import Group, bar_chart
from benchmarks.report import document, plots
from benchmarks.results import joined, load
from tests.benchmarks.samples import results


def test_the_document_has_the_bars_the_figures_and_the_profile() -> None:
    text = document(results(), "# Profile\n\n## Before\n\nSlow.\n")
    assert "| backfill, 50 ms: times plain | 20.0 | at least 20 | yes |" in text
    assert "| backfill: CPU for each change, times the floor | 1.25 | at most 1 | **no** |" in text
    assert "2000.0 (1000.0 to 8000.0)" in text, "the median and the spread"
    assert summary(results()) in text
    assert "### Before\n" in text
    assert "# Profile" not in text.replace("## The profile", "")
    assert "backfill (callsheet, 50 ms): 90%" in text, "where the server is the limit it says so"
    assert "backfill (callsheet, 50 ms): 95%" in text, "and where the machine is"
    assert "quick" not in text
    assert "had to connect again" not in text


def test_a_consumer_that_was_stopped_for_too_long_is_named() -> None:
    found = results()
    first = found.records[0]
    found.records[0] = replace(first, runs=(replace(first.runs[0], held_seconds=25.0),))
    assert "which had to connect again while the clock ran: backfill (callsheet, 50 ms)" in document(found, "")


def test_saved_results_give_the_same_bytes(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    results().save(file)
    assert document(load(file), "") == document(results(), "")
    assert plots(load(file)) == plots(results())


def test_plots_are_svg_with_a_bar_for_each_value() -> None:
    for name, content in plots(results()).items():
        root = etree.fromstring(content.encode())
        assert root.tag == "{http://www.w3.org/2000/svg}svg", name
        assert len(content) < 20_000, name


def test_lengths_follow_the_values() -> None:
    chart = bar_chart(
        "t", "s", ["a"], [Group("x", [10.0]), Group("y", [5.0]), Group("z", [float("nan")])], logarithmic=False
    )
    bars = etree.fromstring(chart.encode()).findall("{*}rect[@fill='#1f6f5c']")
    _legend, long, short = (float(bar.get("width", "0")) for bar in bars)
    assert long == 2 * short > 0


def test_results_of_several_calls_go_together() -> None:
    whole = results()
    one, other = replace(whole, records=whole.records[:3], memory=None), replace(whole, records=whole.records[3:])
    together = joined([replace(one, command="first"), replace(other, command="second", floor=None)])
    assert summary(together) == summary(whole)
    assert (together.command, together.seconds) == ("first`, then `second", 120.0)
    with pytest.raises(ValueError, match="sizes"):
        joined([one, replace(other, size="quick")])
