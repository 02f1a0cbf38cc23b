"""A virtual host of our own on a broker that somebody else runs."""

import secrets
from urllib.parse import urlsplit, urlunsplit

from deploy.sandbox.broker import BrokerUnavailable, vhost_of
from deploy.sandbox.management import Management


class ExistingBroker:
    """A broker that runs elsewhere: we take a virtual host of our own on it and give it back.

    ``management_url`` left out: port 15672 of the same host, same user. Raises BrokerUnavailable if nobody answers.
    """

    queue_lengths_delay_seconds: float = 6.0

    def __init__(self, amqp_url: str, management_url: str | None = None) -> None:
        self._parts = urlsplit(amqp_url)
        if self._parts.scheme not in ("amqp", "amqps") or not self._parts.hostname:
            raise BrokerUnavailable("the address of the broker must look like amqp://user:password@host:5672/")
        if management_url is None:
            user = self._parts.netloc.rpartition("@")[0] or "guest:guest"
            management_url = f"http://{user}@{self._parts.hostname}:15672/"
        self.management = Management(management_url)
        if not self.management.answers():
            raise BrokerUnavailable(
                f"the management API of the broker on {self._parts.hostname} does not answer at {self.management.url}. "
                "Enable it (rabbitmq-plugins enable rabbitmq_management), or name it in CALLSHEET_MANAGEMENT_URL"
            )
        self._taken: list[str] = []

    def new_vhost(self) -> str:
        """Create a fresh virtual host; its AMQP URL."""
        name = f"callsheet-{secrets.token_hex(6)}"
        self.management.create_vhost(name)
        self._taken.append(name)
        return urlunsplit((self._parts.scheme, self._parts.netloc, "/" + name, "", ""))

    def delete_vhost(self, amqp_url: str) -> None:
        """Remove the virtual host of that URL with all that is in it."""
        name = vhost_of(amqp_url)
        self.management.delete_vhost(name)
        self._taken.remove(name)

    def stop(self) -> None:
        """Remove the virtual hosts that are still there. The broker itself goes on."""
        for name in self._taken[:]:
            self.management.delete_vhost(name)
            self._taken.remove(name)
