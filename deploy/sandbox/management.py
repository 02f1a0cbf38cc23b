"""The few calls to RabbitMQ's management API that the sandbox needs."""

import base64
import json
import urllib.error
import urllib.request
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

_ANSWER_SECONDS: Final = 60.0
"""A busy broker takes long to remove a virtual host with all its quorum queues."""


class ManagementError(RuntimeError):
    """The management API does not answer, or refuses. Never holds the password."""


class Management:
    """The management API at ``url`` (``http://user:password@host:port/``); the password is kept out of every text."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._user = parts.username or "guest"
        token = base64.b64encode(f"{self._user}:{parts.password or 'guest'}".encode()).decode()
        self._authorization = f"Basic {token}"
        host = parts.hostname or "localhost"
        self.url = urlunsplit((parts.scheme, f"{host}:{parts.port or 15672}", "/", "", ""))
        """Where it is, without user and password."""

    def __repr__(self) -> str:
        return f"Management({self.url!r})"

    def answers(self) -> bool:
        """Whether the API answers at all."""
        try:
            self.call("GET", "overview")
        except ManagementError:
            return False
        return True

    def create_vhost(self, name: str) -> None:
        """Create a virtual host and give this user all rights in it."""
        self.call("PUT", f"vhosts/{quote(name, safe='')}", {})
        self.call(
            "PUT",
            f"permissions/{quote(name, safe='')}/{quote(self._user, safe='')}",
            {"configure": ".*", "write": ".*", "read": ".*"},
        )

    def delete_vhost(self, name: str) -> None:
        """Remove a virtual host with all its queues and connections."""
        self.call("DELETE", f"vhosts/{quote(name, safe='')}")

    def queues(self, vhost: str) -> dict[str, int]:
        """Messages in each queue, ready and unacknowledged together, as of the broker's last look at them.

        These totals come straight from the queues (every ``quorum_tick_interval``); the plugin's own statistics, which
        are left out here, are seconds older.
        """
        answer = self.call("GET", f"queues/{quote(vhost, safe='')}?disable_stats=true&enable_queue_totals=true")
        return {str(queue["name"]): int(queue.get("messages", 0)) for queue in answer}

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request; the decoded answer, or None if it is empty. Raises ManagementError."""
        request = urllib.request.Request(f"{self.url}api/{path}", method=method)
        request.add_header("Authorization", self._authorization)
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as response:
                content = response.read()
        except urllib.error.HTTPError as error:
            with error:
                reason = error.read(500).decode(errors="replace")
            raise ManagementError(f"{method} {self.url}api/{path} was answered with {error.code}: {reason}") from None
        except (urllib.error.URLError, OSError) as error:
            raise ManagementError(f"{method} {self.url}api/{path} got no answer: {error}") from error
        return json.loads(content) if content else None
