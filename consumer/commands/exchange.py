"""What the commands share that speak to Exchange."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import TypeAdapter, ValidationError

from consumer.broker_settings import SettingsError
from consumer.calendars.errors import CalendarError
from consumer.commands.command_line import failed, wrong_settings, wrong_usage
from contract.fields import Mailbox

_ADDRESS: TypeAdapter[str] = TypeAdapter(Mailbox)


def mailbox_address(text: str) -> str:
    """A mailbox as it was named on the command line, in lower case. Ends the program with 2 where it is none."""
    address = text.strip().lower()
    try:
        _ADDRESS.validate_python(address)
    except ValidationError:
        wrong_usage(f"{text!r} is not a mailbox; expected its SMTP address, like anna@example.com")
    if is_pattern(address):
        wrong_usage(f"{text!r} is a pattern; expected the address of one mailbox, like anna@example.com")
    return address


def is_pattern(address: str) -> bool:
    """True for what may stand for several mailboxes."""
    return any(sign in address for sign in "*?[")


@contextmanager
def clear_exchange_errors(mailbox: str) -> Iterator[None]:
    """Turns what can go wrong with Exchange into one line and an exit code."""
    try:
        yield
    except SettingsError as error:
        wrong_settings(error)
    except CalendarError as error:
        failed(f"Exchange did not do it for {mailbox}: {error}")
