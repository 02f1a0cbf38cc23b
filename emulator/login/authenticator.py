"""The log-in of a request: by what it carries, or by what its connection is bound to."""

import base64
import binascii
from typing import Literal

from emulator.counters import Counters
from emulator.http.message import HttpRequest, HttpResponse, Peer
from emulator.login.basic import check_basic
from emulator.login.ntlm import NtlmAcceptor, NtlmError, NtlmHandshake, is_negotiate
from emulator.login.tokens import Tokens
from emulator.organisation import Account, Organisation

Scheme = Literal["basic", "ntlm"]
_REFUSAL = b"<html><body><h1>401 Unauthorized</h1><p>Access is denied due to invalid credentials.</p></body></html>\n"


class Authenticator:
    """Says who sends a request.

    `schemes`, with Bearer when there are `tokens`, are on offer in the order given. NTLM binds its log-in to the
    connection, as it does everywhere: later requests on it need no header.
    """

    def __init__(
        self,
        organisation: Organisation,
        counters: Counters,
        schemes: tuple[Scheme, ...],
        ntlm: NtlmAcceptor,
        tokens: Tokens | None = None,
    ) -> None:
        self._organisation = organisation
        self._counters = counters
        self._schemes = schemes
        self._ntlm = ntlm
        self._tokens = tokens
        names = {"basic": 'Basic realm="Callsheet emulator"', "ntlm": "NTLM"}
        self._offers = tuple(names[scheme] for scheme in schemes) + (("Bearer",) if tokens else ())

    def check(self, request: HttpRequest, peer: Peer) -> Account | HttpResponse:
        """The account that asks, or the 401 to answer: an offer, the next step of NTLM, or a refusal (counted)."""
        header = request.headers.get("authorization")
        if header is None:
            return peer.login if isinstance(peer.login, Account) else self.refuse()
        scheme = header.partition(" ")[0].lower()
        if scheme == "ntlm" and "ntlm" in self._schemes:
            return self._check_ntlm(header, peer)
        peer.login = None
        account = None
        if scheme == "basic" and "basic" in self._schemes:
            account = check_basic(self._organisation, header)
        elif scheme == "bearer" and self._tokens is not None:
            account = self._tokens.account(header.partition(" ")[2].strip())
        if account is None:
            self._counters.refused += 1
            return self.refuse()
        return account

    def _check_ntlm(self, header: str, peer: Peer) -> Account | HttpResponse:
        handshake, peer.login = peer.login, None
        try:
            token = base64.b64decode(header.partition(" ")[2].strip(), validate=True)
            if isinstance(handshake, NtlmHandshake) and not is_negotiate(token):
                account = self._ntlm.finish(handshake, token)
            else:
                peer.login, challenge = self._ntlm.start(token)
                return self.refuse(f"NTLM {base64.b64encode(challenge).decode()}")
        except (NtlmError, binascii.Error):
            self._counters.refused += 1
            return self.refuse()
        self._counters.ntlm_handshakes += 1
        peer.login = account
        return account

    def refuse(self, challenge: str | None = None) -> HttpResponse:
        """A 401 with one line for each scheme on offer, or with the one challenge of a log-in under way."""
        offers = self._offers if challenge is None else (challenge,)
        headers = tuple(("WWW-Authenticate", offer) for offer in offers)
        return HttpResponse(401, _REFUSAL, "text/html; charset=utf-8", headers)
