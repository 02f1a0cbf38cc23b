"""Who is asking, how much they may still send, and whether an event is theirs to publish."""

import asyncio
import re
import time
from typing import Final

import structlog

from contract.event import Event
from contract.reasons import excerpt
from producers.serve.metrics import Metrics
from producers.serve.problems import Code, FieldError, Problem
from producers.serve.rate import Allowance
from producers.serve.token_file import TokenFile, TokenFileError
from producers.serve.tokens import Token, find

_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")
_LOOK_EVERY_SECONDS: Final = 1.0
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="callsheet"'}
NOT_ALLOWED: Final = "not_allowed"
_log = structlog.get_logger("callsheet")


class Authority:
    """Knows the tokens of the file as it is now, and what each has sent."""

    def __init__(self, file: TokenFile, events_per_second: float, metrics: Metrics) -> None:
        self._file = file
        self._events_per_second = events_per_second
        self._metrics = metrics
        self._allowances: dict[tuple[str, float], Allowance] = {}

    async def watch(self) -> None:
        """Reads the file again when it changes, for ever. One that cannot be used leaves the former tokens in force."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            try:
                if not self._file.refresh():
                    continue
            except TokenFileError as error:
                self._metrics.token_file_good.set(0)
                _log.error("tokens_not_read", error=str(error), in_force=len(self._file.tokens))
                continue
            self._metrics.token_file_good.set(1)
            self._allowances.clear()
            _log.info("tokens_read", in_force=len(self._file.tokens))

    def authenticate(self, authorization: str | None) -> Token:
        """The token of a request's header ``Authorization`` (RFC 6750). Raises :class:`Problem`."""
        if authorization is None:
            detail = "this needs a token: send it as `Authorization: Bearer …`"
            raise Problem(Code.UNAUTHENTICATED, detail, headers=_CHALLENGE)
        presented = _BEARER.fullmatch(authorization.strip())
        token = find(self._file.tokens, presented[1]) if presented else None
        if token is None:
            detail = "this token is not known here: ask who runs the service for one, or for its entry in the file"
            challenge = {"WWW-Authenticate": 'Bearer realm="callsheet", error="invalid_token"'}
            raise Problem(Code.UNAUTHENTICATED, detail, headers=challenge)
        return token

    def admit(self, token: Token) -> Allowance:
        """Charges one event and returns what the others are charged to. Raises :class:`Problem` if none is left."""
        now = time.monotonic()
        rate = token.events_per_second or self._events_per_second
        allowance = self._allowances.setdefault((token.sha256, rate), Allowance(rate, now))
        wait_seconds = allowance.admit(now)
        if wait_seconds:
            detail = f"this token may send {rate:g} events a second; nothing was published: send it again later"
            raise Problem(Code.RATE_EXCEEDED, detail, retry_after_seconds=wait_seconds)
        return allowance


def forbidden(token: Token, index: int, event: Event) -> FieldError | None:
    """What forbids this token this event, if anything does."""
    if not token.may_publish_for(event.source):
        return FieldError(index, NOT_ALLOWED, "source", excerpt(event.source), "a source of this token")
    if not token.may_write_to(event.subject):
        return FieldError(index, NOT_ALLOWED, "subject", excerpt(event.subject), "a mailbox of this token")
    return None
