"""From results to figures: medians, ratios, quantiles, bars, the last line."""

import math

import pytest

from benchmarks.figures import bars, summary
from benchmarks.histogram import Histogram
from benchmarks.results import Quantiles
from tests.benchmarks.samples import results, run


def test_the_last_line_holds_the_figures_in_their_order() -> None:
    assert summary(results()) == (
        "bench: backfill_ratio=20.0 scattered_ratio=3.00 hot_ratio=60.0 requests_per_change=0.050 "
        "freshness_p50_over_server_ms=10.0 cpu_over_floor=1.25 replicas_2=2.00 replicas_4=4.00 rss_mib=250"
    )


def test_a_bar_is_reached_missed_or_not_measured() -> None:
    found = results()
    found.memory = None
    verdicts = {bar.name: bar.verdict() for bar in bars(found)}
    assert verdicts["backfill_ratio"] == "yes"
    assert verdicts["freshness_p99_of_server"] == "yes"
    assert verdicts["cpu_over_floor"] == "**no**"
    assert verdicts["rss_mib"] == "not measured"
    assert summary(found).endswith(" rss_mib=-")


def test_the_median_of_the_runs_counts() -> None:
    record = results().records[0]
    assert record.median(lambda one: one.per_second) == 2000
    assert record.spread(lambda one: one.per_second) == (1000, 8000)


def test_rounds_add_up_to_a_run() -> None:
    both = run(100.0) + run(300.0)
    assert (both.rounds, both.per_second, both.requests_per_change) == (2, 200.0, 1.0)


@pytest.mark.parametrize(("share", "seconds"), [(0.25, 0.5), (0.5, 1.0), (0.75, 1.5), (1.0, 2.0)])
def test_quantiles_are_interpolated_within_a_bucket(share: float, seconds: float) -> None:
    assert Histogram({1.0: 10, 2.0: 20, math.inf: 20}).quantile(share) == seconds


def test_a_histogram_counts_from_an_earlier_one_on() -> None:
    earlier = Histogram({1.0: 10, math.inf: 10})
    assert math.isnan((earlier - earlier).quantile(0.5))
    assert (Histogram({1.0: 10, math.inf: 30}) - earlier).quantile(0.5) == 1.0, "no bound above: the last one"


def test_exact_quantiles_are_values_that_were_there() -> None:
    assert Quantiles.of_values([0.1 * number for number in range(100, 0, -1)]) == Quantiles(5.0, 9.5, 9.9)
    assert Quantiles.of_values([7.0]) == Quantiles(7.0, 7.0, 7.0)
