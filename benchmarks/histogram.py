"""A Prometheus histogram as it was at one moment, and the quantiles that can be read out of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many observations were at most so many seconds; the last bound is infinite."""

    at_most: Mapping[float, float]

    def __add__(self, other: Self) -> "Histogram":
        return Histogram({bound: count + other.at_most.get(bound, 0.0) for bound, count in self.at_most.items()})

    def __sub__(self, earlier: Self) -> "Histogram":
        return Histogram({bound: count - earlier.at_most.get(bound, 0.0) for bound, count in self.at_most.items()})

    def quantile(self, share: float) -> float:
        """Seconds, evenly spread within a bucket as Prometheus does it; NaN when nothing was observed."""
        bounds = sorted(self.at_most)
        total = self.at_most[bounds[-1]] if bounds else 0.0
        if total <= 0:
            return math.nan
        wanted, lower, before = share * total, 0.0, 0.0
        for bound in bounds:
            count = self.at_most[bound]
            if count >= wanted:
                if math.isinf(bound) or count == before:
                    return lower
                return lower + (bound - lower) * (wanted - before) / (count - before)
            lower, before = bound, count
        return lower
