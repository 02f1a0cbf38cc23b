"""What older schemas do not know: a request is checked against the schema of the version it names.

Exchange 2007 knows neither StartTimeZone nor EndTimeZone (MS-OXWSMTGS_R658) but MeetingTimeZone alone; it has no
GetServerTimeZones. Exchange 2010 has no Flag, Preview or TextBody, and no StartTimeZoneId (MS-OXWSMTGS_R664).
"""

from __future__ import annotations

from emulator.ews.failure import SchemaViolationError
from emulator.ews.messages import Request
from emulator.ews.xmltext import T

_SINCE_2010 = frozenset({"StartTimeZone", "EndTimeZone"})
_SINCE_2013 = frozenset({"Flag", "TextBody", "Preview", "StartTimeZoneId", "EndTimeZoneId", "EnhancedLocation"})
_OPERATIONS_SINCE_2010 = frozenset({"GetServerTimeZones"})


def check(request: Request) -> None:
    """Raise SchemaViolationError when the request uses what the version it names does not have."""
    if request.element is None or request.version.startswith(("Exchange2013", "Exchange2015", "Exchange2016")):
        return
    unknown = _SINCE_2013 | _SINCE_2010 if request.version.startswith("Exchange2007") else _SINCE_2013
    if request.version.startswith("Exchange2007") and request.operation in _OPERATIONS_SINCE_2010:
        raise SchemaViolationError(f"{request.version} does not know the operation {request.operation}.")
    for element in request.element.iter(f"{T}*"):
        name = str(element.tag).removeprefix(T)
        if name == "FieldURI":
            name = element.get("FieldURI", "").rpartition(":")[2]
        if name in unknown:
            raise SchemaViolationError(f"{request.version} does not know '{name}'.", element)
