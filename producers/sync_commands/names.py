"""Names that a command line gives to sources and their holders."""

from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from contract.fields import Source
from producers.sync.request import read_name
from producers.sync.schedule import ScheduledObject

_EXPECTED = "1 to 500 characters without spaces, like frab://studio"


def read_source_name(text: str) -> str:
    """Raises typer.BadParameter for what cannot be the name of a source."""
    try:
        return TypeAdapter[str](Source).validate_python(text)
    except ValidationError:
        raise typer.BadParameter(f"{text!r}, expected {_EXPECTED}") from None


def read_holder(text: str) -> ScheduledObject:
    """``person:123`` or ``room:Suite 4``. Raises typer.BadParameter."""
    try:
        named = read_name(text)
    except ValueError:
        named = ""
    if not isinstance(named, ScheduledObject):
        raise typer.BadParameter(f"{text!r}, expected an object, like person:123 or room:Suite 4")
    return named


SourceName = Annotated[
    str | None,
    typer.Option("--source", metavar="NAME", parser=read_source_name, help="Name of the source in events."),
]
