"""The fields of an event: types with their limits, and errors that say what is expected."""

from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from contract import times
from contract.reasons import Reason

MAX_REVISION: Final = 2**53 - 1
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS: Final = rf"^{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*$"


def wrong(reason: Reason, expected: str, **context: Any) -> PydanticCustomError:
    """A validation error that carries a reason of ours through pydantic to :func:`contract.codec.decode`."""
    return PydanticCustomError("contract", "{expected}", {"reason": reason, "expected": expected, **context})


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise wrong(Reason.WRONG_FIELD, times.EXPECTED_INSTANT)
        return value
    try:
        return times.parse_instant(value)
    except ValueError as error:
        raise wrong(Reason.WRONG_FIELD, str(error)) from None


def _instant_or_date(value: object) -> datetime | date:
    if isinstance(value, date):
        return _instant(value) if isinstance(value, datetime) else value
    for parse in (times.parse_date, times.parse_instant):
        try:
            return parse(value)
        except ValueError:
            continue
    raise wrong(Reason.WRONG_FIELD, f"{times.EXPECTED_INSTANT}, or for an all-day booking {times.EXPECTED_DATE}")


def _zone_name(value: object) -> str:
    try:
        return times.zone(value if isinstance(value, str) else "").key
    except ValueError as error:
        raise wrong(Reason.WRONG_FIELD, str(error)) from None


def written(value: datetime | date) -> str:
    """A field as the contract writes it."""
    return times.write_instant(value) if isinstance(value, datetime) else value.isoformat()


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(times.write_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
InstantOrDate = Annotated[
    datetime | date,
    BeforeValidator(_instant_or_date),
    PlainSerializer(written),
    WithJsonSchema({"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]}),
]
ZoneName = Annotated[str, BeforeValidator(_zone_name), WithJsonSchema({"type": "string"})]
Revision = Annotated[int, Field(ge=0, le=MAX_REVISION)]
BookingId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Category = Annotated[str, StringConstraints(min_length=1, max_length=255)]
# Control characters and white space would make the key of (source, booking) ambiguous.
Source = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x20\x7f]+$")]
# The id becomes AMQP's message_id, a short string of 255 bytes.
EventId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
Url = Annotated[str, StringConstraints(max_length=2048, pattern=r"^https?://[^\s<>\"\x00-\x20]+$")]
Mailbox = Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=_ADDRESS)]
