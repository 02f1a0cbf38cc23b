"""The EWS endpoint: log-in, faults, the Exchange behind it, counters."""

import asyncio
import time
from collections.abc import Awaitable

from emulator.counters import Counters
from emulator.ews.exchange import Exchange, ItemFault, Reply, Request, soap_fault
from emulator.faults import kinds
from emulator.faults.board import Active, FaultBoard
from emulator.http.message import Disconnect, HttpRequest, HttpResponse, Outcome, Peer
from emulator.login.authenticator import Authenticator
from emulator.organisation import Account, Organisation
from emulator.page.live import LiveFeed
from emulator.request_log import Entry, RequestLog

_XML = "text/xml; charset=utf-8"


class EwsEndpoint:
    """Answers what is posted to /EWS/Exchange.asmx. `latency_ms` is waited before every request."""

    def __init__(
        self,
        exchange: Exchange,
        organisation: Organisation,
        authenticator: Authenticator,
        faults: FaultBoard,
        counters: Counters,
        journal: RequestLog,
        live: LiveFeed,
        latency_ms: float = 0.0,
    ) -> None:
        self._exchange = exchange
        self._organisation = organisation
        self._authenticator = authenticator
        self._faults = faults
        self._counters = counters
        self._journal = journal
        self._live = live
        self._latency_ms = latency_ms

    def answer(self, http: HttpRequest, peer: Peer) -> Outcome | Awaitable[Outcome]:
        """Answer one request: at once, or later if it has to wait."""
        account = self._authenticator.check(http, peer)
        if isinstance(account, HttpResponse):
            return account
        if http.method != "POST":
            text = b"EWS takes SOAP requests by POST.\n"
            return HttpResponse(405, text, headers=(("Allow", "POST"),))
        request = self._exchange.read(http.body)
        mailbox = self._mailbox(request, account)
        self._counters.count_request(request.operation or "unknown", mailbox)
        self._live.request_counted()
        strike = self._faults.strike(request.operation, mailbox or request.mailbox, request.items)
        latency_ms = self._latency_ms + strike.latency_ms
        began = time.monotonic()
        outcome: Outcome | Awaitable[Outcome]
        if latency_ms > 0:
            outcome = self._later(latency_ms, request, account, strike.active, peer)
        else:
            outcome = self._with_fault(request, account, strike.active, peer)
        if isinstance(outcome, Awaitable):
            return self._noted_later(account, request.operation, mailbox, began, outcome)
        self._journal.add(Entry(account.user, request.operation, mailbox, began, time.monotonic()))
        return outcome

    async def _noted_later(
        self, account: Account, operation: str, mailbox: str | None, began: float, outcome: Awaitable[Outcome]
    ) -> Outcome:
        try:
            return await outcome
        finally:
            self._journal.add(Entry(account.user, operation, mailbox, began, time.monotonic()))

    def _mailbox(self, request: Request, account: Account) -> str | None:
        address = request.mailbox or account.mailbox
        found = self._organisation.mailbox(address) if address else None
        return found.address if found else None

    async def _later(
        self, latency_ms: float, request: Request, account: Account, active: Active | None, peer: Peer
    ) -> Outcome:
        await asyncio.sleep(latency_ms / 1000)
        if not peer.is_open:
            return Disconnect()
        outcome = self._with_fault(request, account, active, peer)
        return await outcome if isinstance(outcome, Awaitable) else outcome

    def _with_fault(
        self, request: Request, account: Account, active: Active | None, peer: Peer
    ) -> Outcome | Awaitable[Outcome]:
        if active is None:
            return self._apply(request, account)
        match active.fault:
            case kinds.ServerBusy(back_off_ms=back_off, policy_first=policy_first):
                values = [] if back_off is None else [("BackOffMilliseconds", str(back_off))]
                policy = [("Policy", "EwsCostThrottlingPolicy")] if policy_first else []
                message = "The server cannot service this request right now. Try again later."
                return _response(soap_fault("ErrorServerBusy", message, values=[*policy, *values]))
            case kinds.HttpStatus(status=401):
                peer.login = None
                return self._authenticator.refuse()
            case kinds.HttpStatus(status=status, retry_after=after):
                headers = () if after is None else (("Retry-After", str(after)),)
                body = b"<html><body>The request was refused on demand.</body></html>\n"
                return HttpResponse(status, body, "text/html; charset=utf-8", headers)
            case kinds.SoapFault(code=code):
                return _response(soap_fault(code, f"{code}, on demand."))
            case kinds.ItemError(code=code, index=index):
                return self._apply(request, account, ItemFault(code, index))
            case kinds.CommitThenDrop():
                self._apply(request, account)
                return Disconnect()
            case kinds.PartialCommit(items=items):
                self._apply(request, account, ItemFault(stop_after=items))
                return Disconnect()
            case kinds.CommitLate(ms=ms):
                return self._commit_late(ms, request, account)
            case kinds.Drop():
                return Disconnect()
            case kinds.Hang(seconds=seconds):
                return _hang(active, seconds, peer)
            case kinds.Truncate():
                response = self._apply(request, account)
                response.body = response.body[: len(response.body) // 2]
                return response
            case kinds.Latency() | kinds.Refuse():  # they strike elsewhere
                return self._apply(request, account)

    async def _commit_late(self, ms: float, request: Request, account: Account) -> Outcome:
        await asyncio.sleep(ms / 1000)
        return self._apply(request, account)

    def _apply(self, request: Request, account: Account, injected: ItemFault | None = None) -> HttpResponse:
        reply = self._exchange.answer(request, account, injected)
        self._counters.count_items(reply.operation or request.operation, reply.created + reply.updated + reply.deleted)
        return _response(reply)


async def _hang(active: Active, seconds: float | None, peer: Peer) -> Outcome:
    """Wait until the fault is taken away, the client has gone, or the time is over."""
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end() -> None:
        if not ended.done():
            ended.set_result(None)

    active.on_end.append(end)
    await asyncio.wait((ended, peer.closed), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    active.on_end.remove(end)
    return Disconnect()


def _response(reply: Reply) -> HttpResponse:
    return HttpResponse(reply.status, reply.body, _XML)
