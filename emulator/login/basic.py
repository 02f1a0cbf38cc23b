"""Basic authentication (RFC 7617)."""

import base64
import binascii
import hmac
import secrets

from emulator.organisation import Account, Organisation

_NOBODY = secrets.token_bytes(24)


def read_basic(header: str) -> tuple[str, str] | None:
    """User and password of an Authorization header; None if it is not a readable Basic one."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        text = decoded.decode("latin-1")
    user, colon, password = text.partition(":")
    return (user, password) if colon else None


def check_basic(organisation: Organisation, header: str) -> Account | None:
    """Who logs in with this Authorization header; None if nobody does.

    Passwords are compared in constant time, and one is compared for an unknown user as well.
    """
    shown = read_basic(header)
    if shown is None:
        return None
    account = organisation.account(shown[0])
    expected = account.password.encode() if account else _NOBODY
    return account if hmac.compare_digest(shown[1].encode(), expected) else None
