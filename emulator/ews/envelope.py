"""Reading the SOAP envelope: version, impersonation, time zone, and the one element of the body."""

from __future__ import annotations

from lxml import etree

from emulator.ews.messages import Impersonation, Reply, Request, soap_fault
from emulator.ews.xmltext import M, T

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
VERSIONS = (
    "Exchange2007",
    "Exchange2007_SP1",
    "Exchange2010",
    "Exchange2010_SP1",
    "Exchange2010_SP2",
    "Exchange2013",
    "Exchange2013_SP1",
    "Exchange2015",
    "Exchange2016",
)
"""What RequestServerVersion may say. Exchange2015 is what early servers of the 2016 family knew, and still do."""

_parser = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=True
)


def _refused(code: str, message: str, operation: str = "", mailbox: str | None = None) -> Request:
    return Request(operation, mailbox, soap_fault(code, message, operation=operation, mailbox=mailbox))


def schema_violation(
    violation: str, *, line: int | None = None, operation: str = "", mailbox: str | None = None
) -> Reply:
    """The fault for a request that does not follow the schema; the detail says where and why."""
    values = [("LineNumber", str(line or 1)), ("LinePosition", "1"), ("Violation", violation)]
    message = f"The request failed schema validation: {violation}"
    return soap_fault("ErrorSchemaValidation", message, values=values, operation=operation, mailbox=mailbox)


def read_envelope(body: bytes) -> Request:
    """Read one HTTP body into a :class:`Request`; what is wrong with it stands in the Request's ``fault``."""
    try:
        root = etree.fromstring(body, _parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return Request("", None, schema_violation(str(error)))
    # Entities declared in a DTD could be used to read files or to grow without end: Exchange allows none either.
    if body[:4096].lstrip(b"\xef\xbb\xbf").partition(b"Envelope")[0].find(b"<!DOCTYPE") >= 0:
        return Request("", None, schema_violation("A document type declaration is not allowed."))
    if root.tag != f"{_SOAP}Envelope":
        return Request("", None, schema_violation(f"The root element is '{root.tag}', not a SOAP 1.1 Envelope."))
    content = root.find(f"{_SOAP}Body")
    element = None if content is None else next(iter(content), None)
    if element is None:
        return _refused("ErrorInvalidRequest", "The request has no SOAP body, or an empty one.")
    name = etree.QName(element)
    operation = name.localname if f"{{{name.namespace}}}" == M else ""

    version, impersonation, zone = VERSIONS[-1], None, None
    header = root.find(f"{_SOAP}Header")
    for entry in () if header is None else header:
        if entry.tag == f"{T}RequestServerVersion":
            version = entry.get("Version", "")
        elif entry.tag == f"{T}TimeZoneContext":
            definition = entry.find(f"{T}TimeZoneDefinition")
            zone = None if definition is None else definition.get("Id")
        elif entry.tag == f"{T}ExchangeImpersonation":
            sid = entry.find(f"{T}ConnectingSID")
            who = None if sid is None else next(iter(sid), None)
            if who is None or not (who.text or "").strip():
                message = "ExchangeImpersonation must name a user in ConnectingSID."
                return _refused("ErrorInvalidExchangeImpersonationHeaderData", message, operation)
            impersonation = Impersonation(etree.QName(who).localname, (who.text or "").strip())
    mailbox = None
    if impersonation is not None and impersonation.form != "SID":
        mailbox = impersonation.value.lower()
    if version not in VERSIONS:
        message = f"The specified server version is invalid: '{version}'."
        return _refused("ErrorInvalidServerVersion", message, operation, mailbox)
    return Request(operation, mailbox, None, element, impersonation, zone, version)
