"""The mapping file: which column says what. TOML; everything in it has a default."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from contract.fields import Source, ZoneName
from producers.sources.damaged import DamagedFile

CANCELLED: Final = "cancelled"

Model = TypeVar("Model", bound=BaseModel)

Names = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else tuple(value))]
"""One name, or several whose values are put together."""


class Strict(BaseModel):
    """Immutable; a key that is not known is an error, because it is a misspelt one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(Strict):
    """The columns of each field. A list of columns is joined: a title by `` / ``, notes by lines, times by a space."""

    booking: Names = ("booking",)
    title: Names = ("title",)
    start: Names = ("start",)
    end: Names = ("end",)
    timezone: Names = ("timezone",)
    all_day: Names = ("all_day",)
    status: Names = ("status",)
    show_as: Names = ("show_as",)
    location: Names = ("location",)
    notes: Names = ("notes",)
    categories: Names = ("categories",)
    private: Names = ("private",)
    reminder_minutes: Names = ("reminder_minutes",)
    url: Names = ("url",)
    people: Names = ("people",)
    rooms: Names = ("rooms",)


REQUIRED: Final = frozenset(["booking", "title", "start", "end"])


class Formats(Strict):
    """How cells are written. ISO 8601 is always understood; the patterns are those of strptime.

    ``all_day_end``: whether the end of an all-day booking is its last day (``inclusive``) or the day after it.
    """

    times: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    separator: Annotated[str, Field(min_length=1)] = ";"
    all_day_end: Literal["exclusive", "inclusive"] = "exclusive"


class FileForm(Strict):
    """The form of a CSV file; what is left out is found out."""

    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None


_WORDS: Final = {
    "confirmed": "confirmed",
    "tentative": "tentative",
    "option": "tentative",
    "pencil": "tentative",
    "pending": "tentative",
    "cancelled": CANCELLED,
    "canceled": CANCELLED,
    "deleted": CANCELLED,
}


class TableMapping(Strict):
    """Which column says what, and how. ``status`` adds words to those that are known, in lower case."""

    source: Source | None = None
    timezone: ZoneName | None = None
    columns: Columns = Columns()
    formats: Formats = Formats()
    file: FileForm = FileForm()
    status: Mapping[str, Literal["confirmed", "tentative", "cancelled"]] = {}

    @property
    def status_words(self) -> dict[str, str]:
        """What each word for a status means."""
        return _WORDS | {word.casefold(): meaning for word, meaning in self.status.items()}

    def named(self, field: str) -> bool:
        """Whether the file itself names the columns of that field."""
        return field in self.columns.model_fields_set


def read_mapping(path: Path | None, model: type[Model]) -> Model:
    """The mapping in a TOML file; without a file the defaults.

    Raises :class:`DamagedFile` that names the key and says what is expected, and OSError when it cannot be read.
    """
    document: dict[str, object] = {}
    if path is not None:
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DamagedFile(str(path), f"not TOML: {error}") from None
    try:
        return model.model_validate(document)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in wrong["loc"])
        known = "not a key of this file" if wrong["type"] == "extra_forbidden" else wrong["msg"]
        raise DamagedFile(str(path), f"{key}: {known}") from None
