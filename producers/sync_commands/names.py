"""The name of a source, as a command line gives it."""

from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from contract.fields import Source

_EXPECTED = "1 to 500 characters without spaces, like frab://studio"


def read_source_name(text: str) -> str:
    """Raises typer.BadParameter for what cannot be the name of a source."""
    try:
        return TypeAdapter[str](Source).validate_python(text)
    except ValidationError:
        raise typer.BadParameter(f"{text!r}, expected {_EXPECTED}") from None


SourceName = Annotated[
    str | None,
    typer.Option(
        "--source", metavar="NAME", parser=read_source_name, help="Name of the source in events; see its page."
    ),
]
