"""Bar charts as SVG: a few hundred bytes for each bar, the same bytes for the same figures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

_WIDTH: Final = 760
_LABELS: Final = 190
_VALUES: Final = 90
_BAR: Final = 15
_GAP: Final = 12
_TOP: Final = 58
_COLOURS: Final = ("#1f6f5c", "#c98a2b", "#7a8794", "#9b4d4d")


@dataclass(frozen=True, slots=True)
class Group:
    """A row of bars: one value for each series, NaN where there is none."""

    label: str
    values: Sequence[float]


def bar_chart(title: str, unit: str, series: Sequence[str], groups: Sequence[Group], *, logarithmic: bool) -> str:
    """Horizontal bars in groups. On a logarithmic scale they begin at a power of ten below the smallest value."""
    values = [value for group in groups for value in group.values if value > 0]
    most, least = max(values, default=1.0), min(values, default=1.0)
    begins = 10.0 ** math.floor(math.log10(least)) if logarithmic else 0.0
    room = _WIDTH - _LABELS - _VALUES

    def length(value: float) -> float:
        if math.isnan(value) or value <= begins:
            return 0.0
        if logarithmic:
            return room * math.log(value / begins) / math.log(most / begins)
        return room * value / most

    rows, y = [], float(_TOP)
    for group in groups:
        middle = y + len(series) * _BAR / 2 + 4
        rows.append(f'<text x="{_LABELS - 10}" y="{middle:.0f}" text-anchor="end">{escape(group.label)}</text>')
        for colour, value in zip(_COLOURS, group.values, strict=False):
            if not math.isnan(value):
                wide = length(value)
                rows.append(f'<rect x="{_LABELS}" y="{y:.0f}" width="{wide:.1f}" height="{_BAR - 2}" fill="{colour}"/>')
                rows.append(f'<text x="{_LABELS + wide + 6:.1f}" y="{y + _BAR - 4:.0f}">{_written(value)}</text>')
            y += _BAR
        y += _GAP
    legend, x = [], float(_LABELS)
    for colour, name in zip(_COLOURS, series, strict=False):
        legend.append(f'<rect x="{x:.0f}" y="34" width="11" height="11" fill="{colour}"/>')
        legend.append(f'<text x="{x + 16:.0f}" y="44">{escape(name)}</text>')
        x += 36 + 7 * len(name)
    scale = f"{unit}, logarithmic" if logarithmic else unit
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y:.0f}" font-family="sans-serif"'
        f' font-size="12" fill="#222"><rect width="100%" height="100%" fill="#fff"/><text x="{_LABELS}" y="20"'
        f' font-size="14" font-weight="bold">{escape(title)} ({escape(scale)})</text>\n'
        + "\n".join([*legend, *rows])
        + "\n</svg>\n"
    )


def _written(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
