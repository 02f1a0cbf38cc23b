"""Free ports on the loopback interface."""

import contextlib
import random
import socket
from typing import Final

# Below the range from which Linux takes the local ports of outgoing connections (32768 and up): one that is free now is
# not given to somebody's connection before the child that shall listen on it gets there.
_LOWEST: Final = 15_000
_HIGHEST: Final = 32_000

_random = random.SystemRandom()


def free_ports(count: int) -> list[int]:
    """That many different TCP ports on 127.0.0.1 which nobody listens on now."""
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            port = _random.randrange(_LOWEST, _HIGHEST)
            probe = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                ports.append(port)
        return ports


def accepts_connections(port: int) -> bool:
    """Whether somebody listens on that port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
