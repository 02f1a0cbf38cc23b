"""Which part of the emulator answers which path of the EWS port."""

import re
from collections.abc import Awaitable

from emulator.ews_endpoint import EwsEndpoint
from emulator.http.message import HttpRequest, Outcome, Peer, text_response
from emulator.login.tokens import Tokens
from emulator.page.site import Site

EWS_PATH = "/EWS/Exchange.asmx"
_TOKEN_PATH = re.compile(r"(/[^/]+)?/oauth2(/v2\.0)?/token")


class Routes:
    """Answers the EWS port: EWS, the token endpoint where there is one, and the page."""

    def __init__(self, ews: EwsEndpoint, site: Site, tokens: Tokens | None) -> None:
        self._ews = ews
        self._site = site
        self._tokens = tokens

    def answer(self, request: HttpRequest, peer: Peer) -> Outcome | Awaitable[Outcome]:
        """Answer one request. The EWS path is known in any case of letters, as IIS knows it."""
        path = request.path
        if path.lower() == EWS_PATH.lower():
            return self._ews.answer(request, peer)
        if _TOKEN_PATH.fullmatch(path):
            if self._tokens is None:
                return text_response(404, "No token endpoint: start the emulator with --token-file.")
            return self._tokens.give(request)
        return self._site.answer(request)
