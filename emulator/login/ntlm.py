"""NTLM, accepted by pyspnego."""

import base64
import os
import secrets
import struct
from pathlib import Path
from typing import Protocol, cast

import spnego
from spnego._ntlm_raw.crypto import ntowfv1  # not public; only this gives the hash a credential file is made of
from spnego.exceptions import SpnegoError

from emulator.organisation import Account, Organisation

_SIGNATURE = b"NTLMSSP\0"
_NEGOTIATE, _AUTHENTICATE = 1, 3
_UNICODE_FLAG = 1
_MAX_NAMES = 10_000


class NtlmError(ValueError):
    """A log-in by NTLM failed."""


class _Context(Protocol):
    @property
    def complete(self) -> bool: ...

    def step(self, in_token: bytes) -> bytes | None: ...


class NtlmHandshake:
    """One log-in on one connection: the client's negotiate message, our challenge, the client's answer."""

    def __init__(self, context: _Context) -> None:
        self.context = context


class NtlmAcceptor:
    """Accepts NTLM log-ins of an organisation's accounts.

    pyspnego looks a user up in a file, under exactly the names the client sent. The domain is the client's choice, so
    a line is added for each new way of naming an account. The file holds hashes and is readable by nobody else.
    """

    def __init__(self, organisation: Organisation, folder: Path) -> None:
        self._organisation = organisation
        self._file = folder / "ntlm-users"
        self._known: set[str] = set()
        self._rewrite()
        os.environ["NTLM_USER_FILE"] = str(self._file)

    def start(self, token: bytes) -> tuple[NtlmHandshake, bytes]:
        """Take the client's first message and give the challenge. Raises NtlmError if it is not one."""
        if not is_negotiate(token):
            raise NtlmError("expected an NTLM negotiate message")
        context = cast(_Context, spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm))
        return NtlmHandshake(context), self._step(context, token)

    def finish(self, handshake: NtlmHandshake, token: bytes) -> Account:
        """Take the client's answer to the challenge and say who it is. Raises NtlmError if the log-in is refused."""
        if _message_type(token) != _AUTHENTICATE:
            raise NtlmError("expected an NTLM authenticate message")
        domain, user = _names(token)
        account = self._organisation.account(user)
        if account is None:
            raise NtlmError("no such user")
        self._remember(f"{domain}\\{user}" if domain else user, account)
        self._step(handshake.context, token)
        if not handshake.context.complete:
            raise NtlmError("the log-in is incomplete")
        return account

    @staticmethod
    def _step(context: _Context, token: bytes) -> bytes:
        try:
            return context.step(token) or b""
        except (SpnegoError, ValueError, ArithmeticError, LookupError, TypeError, struct.error) as error:
            # All but the first are how pyspnego meets a damaged message.
            raise NtlmError("the log-in was refused") from error

    def _remember(self, name: str, account: Account) -> None:
        key = name.upper()
        if key in self._known:
            return
        if ":" in name or not name.isprintable():
            raise NtlmError("no such user")
        if len(self._known) >= _MAX_NAMES:
            self._rewrite()
        self._known.add(key)
        nt_hash = base64.b16encode(ntowfv1(account.password)).decode()
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{name}:0:{'0' * 32}:{nt_hash}:[U]:LCT-0\n")

    def _rewrite(self) -> None:
        self._known.clear()
        self._file.unlink(missing_ok=True)
        self._file.touch(mode=0o600)
        # pyspnego wants a file with an entry in it; this one fits nobody.
        self._file.write_text(f"{secrets.token_hex(16)}:0:{'0' * 32}:{secrets.token_hex(16)}:[U]:LCT-0\n", "utf-8")


def is_negotiate(token: bytes) -> bool:
    """Whether this is the message with which a client begins a log-in. Raises NtlmError if it is not NTLM at all."""
    return _message_type(token) == _NEGOTIATE


def _message_type(token: bytes) -> int:
    if len(token) < 12 or not token.startswith(_SIGNATURE):
        raise NtlmError("not an NTLM message")
    return int.from_bytes(token[8:12], "little")


def _names(token: bytes) -> tuple[str, str]:
    """Domain and user of an AUTHENTICATE_MESSAGE ([MS-NLMP] 2.2.1.3)."""
    if len(token) < 64:
        raise NtlmError("the NTLM message is cut off")
    flags = int.from_bytes(token[60:64], "little")
    encoding = "utf-16-le" if flags & _UNICODE_FLAG else "latin-1"
    names = []
    for position in (28, 36):
        length, _, offset = struct.unpack_from("<HHI", token, position)
        if offset + length > len(token):
            raise NtlmError("the NTLM message is cut off")
        try:
            names.append(token[offset : offset + length].decode(encoding))
        except UnicodeDecodeError as error:
            raise NtlmError("the NTLM message holds a name that cannot be read") from error
    return names[0], names[1]
