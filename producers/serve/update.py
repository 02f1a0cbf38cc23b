"""``POST /v1/sync``: "update now", handed on to a running ``callsheet-producer sync``."""

import asyncio
from typing import Annotated, Final

import orjson
import requests
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contract.fields import Mailbox
from contract.reasons import excerpt
from producers.serve.access_log import note
from producers.serve.authority import NOT_ALLOWED, Authority
from producers.serve.body import Bodies
from producers.serve.problems import Code, FieldError, Problem
from producers.serve.tokens import Token

_TIMEOUT_SECONDS: Final = (3.0, 10.0)
_RETRY_SECONDS: Final = 5
MAX_NAMES: Final = 1000


# Two lists, because a name in the second one must never be read as a mailbox: those are checked against the token.
ObjectName = Annotated[str, StringConstraints(max_length=300, pattern=r"^(person|room):.*\S$")]


class UpdateNow(BaseModel):
    """What to update: these mailboxes and objects of the schedule, or everything where none is named."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    mailboxes: Annotated[list[Mailbox], Field(max_length=MAX_NAMES)] = []
    objects: Annotated[list[ObjectName], Field(max_length=MAX_NAMES)] = []


class SyncTrigger:
    """A running sync that takes ``POST`` of an :class:`UpdateNow` as JSON and answers 202 when it will do it."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def trigger(self, wanted: UpdateNow) -> None:
        """Returns when the sync has accepted. Raises :class:`Problem`."""
        await asyncio.to_thread(self._post, wanted)

    def _post(self, wanted: UpdateNow) -> None:
        with requests.Session() as session:
            session.trust_env = False  # neither a proxy nor a password of .netrc is meant for it
            try:
                answer = session.post(
                    self._url,
                    data=wanted.model_dump_json(),
                    headers={"Content-Type": "application/json"},
                    timeout=_TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise _away(f"it cannot be asked ({type(error).__name__})") from None
        if answer.status_code // 100 == 2:
            return
        if answer.status_code in (400, 404, 409, 422):
            detail = f"the sync refuses this: {excerpt(answer.text, 300)}"
            raise Problem(Code.INVALID_REQUEST, detail)
        raise _away(f"it answers {answer.status_code}")


class Update:
    """The endpoint. Without a running sync to hand on to it says so."""

    def __init__(self, authority: Authority, bodies: Bodies, trigger: SyncTrigger | None) -> None:
        self._authority = authority
        self._bodies = bodies
        self._trigger = trigger

    async def post(self, request: Request) -> Response:
        """Raises :class:`Problem`."""
        token = self._authority.authenticate(request.headers.get("authorization"))
        note(request, token=token.name)
        self._authority.admit(token)
        if not token.sync:
            detail = "this token may not ask for an update: its entry in the file of tokens lacks `sync = true`"
            raise Problem(Code.NOT_ALLOWED, detail)
        async with self._bodies.body(request) as body:
            wanted = _wanted(body)
        _check(token, wanted)
        if self._trigger is None:
            detail = "this service knows no running sync: whoever runs it names one with --sync-url"
            raise Problem(Code.SYNC_NOT_CONFIGURED, detail)
        await self._trigger.trigger(wanted)
        return Response(orjson.dumps({"accepted": True}), 202, media_type="application/json")


def _wanted(body: bytes) -> UpdateNow:
    if not body.strip():
        return UpdateNow()
    try:
        return UpdateNow.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        expected = 'a JSON object like {"mailboxes": ["anna@example.com"]}, or nothing for everything'
        raise Problem(Code.INVALID_REQUEST, f"{where}: {first['msg']}; expected {expected}") from None


def _check(token: Token, wanted: UpdateNow) -> None:
    """Objects, and everything, need no more than ``sync``: what is published then comes from the schedule alone."""
    errors = [
        FieldError(index, NOT_ALLOWED, f"mailboxes.{index}", excerpt(mailbox), "a mailbox of this token")
        for index, mailbox in enumerate(wanted.mailboxes)
        if not token.may_write_to(mailbox)
    ]
    if errors:
        raise Problem(Code.NOT_ALLOWED, f"{errors[0].found} is not a mailbox of this token", errors=errors)


def _away(reason: str) -> Problem:
    return Problem(Code.SYNC_AWAY, f"the running sync is away: {reason}; ask again", retry_after_seconds=_RETRY_SECONDS)
