"""Templates for title and notes: ``{project} / {container} / {booking}``, with what a source knows by name.

What is empty takes its separator with it, and a line in which everything is empty is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Final

_EXPECTED: Final = "names in braces, like {project} / {booking}; {{ is a brace"


class TemplateError(ValueError):
    """A text that is no template. The text says what is expected."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    before: str
    """The text between this field and the one before it, or the beginning of the line."""


@dataclass(frozen=True, slots=True)
class _Line:
    fields: tuple[_Field, ...]
    end: str

    def fill(self, values: Mapping[str, str]) -> str | None:
        """The line, or None when all its fields are empty."""
        filled = ""
        for position, field in enumerate(self.fields):
            value = values.get(field.name, "").strip()
            if value:
                filled += (field.before if filled or position == 0 else "") + value
        return filled + self.end if filled or not self.fields else None


@dataclass(frozen=True, slots=True)
class Template:
    """A template, checked. ``names`` are the fields that it uses."""

    lines: tuple[_Line, ...]

    @property
    def names(self) -> frozenset[str]:
        """The fields that it uses."""
        return frozenset(field.name for line in self.lines for field in line.fields)

    def fill(self, values: Mapping[str, str]) -> str:
        """The text for these values; a field that is not there is empty."""
        return "\n".join(line for line in (line.fill(values) for line in self.lines) if line is not None).strip()

    @classmethod
    def read(cls, text: str) -> "Template":
        """Raises :class:`TemplateError`."""
        return cls(tuple(_line(line) for line in text.splitlines()))


def _line(text: str) -> _Line:
    fields: list[_Field] = []
    before = ""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError:
        raise TemplateError(_EXPECTED) from None
    for literal, name, format_spec, conversion in parsed:
        before += literal
        if name is None:
            continue
        if not name.isidentifier() or format_spec or conversion:
            raise TemplateError(_EXPECTED)
        fields.append(_Field(name, before))
        before = ""
    return _Line(tuple(fields), before)
