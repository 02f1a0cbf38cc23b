"""Free ports on the loopback interface."""

import contextlib
import socket


def free_ports(count: int) -> list[int]:
    """That many different TCP ports on 127.0.0.1 which nobody listens on now."""
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        for _ in range(count):
            probe = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            probe.bind(("127.0.0.1", 0))
            ports.append(int(probe.getsockname()[1]))
        return ports


def accepts_connections(port: int) -> bool:
    """Whether somebody listens on that port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
