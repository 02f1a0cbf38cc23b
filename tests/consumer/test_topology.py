"""Declaring through a broker that gives up in the middle, as one that is just starting does."""

import asyncio
import contextlib
import socket
import socketserver
import threading
from urllib.parse import urlsplit

import aio_pika
from pamqp import commands, frame

from consumer.amqp.topology import missing
from deploy.sandbox.installation import clean_environment, script

RUNGS = [("30s", 30.0)]
GIVES_UP = frame.marshal(commands.Connection.Close(541, "INTERNAL_ERROR", 0, 0), 0)


class GivingUp(socketserver.ThreadingTCPServer):
    """The same broker behind a port where the first connections are closed with 541 after ten answers."""

    block_on_close = False
    daemon_threads = True

    def __init__(self, amqp_url: str, times: int) -> None:
        super().__init__(("127.0.0.1", 0), PassOn)
        self.broker = urlsplit(amqp_url)
        self.times = times
        self.connections = 0
        self.amqp_url = amqp_url.replace(f":{self.broker.port}/", f":{self.server_address[1]}/")


class PassOn(socketserver.BaseRequestHandler):
    """One connection."""

    server: GivingUp

    def handle(self) -> None:
        self.server.connections += 1
        gives_up = self.server.connections <= self.server.times
        address = (self.server.broker.hostname, self.server.broker.port)
        with socket.create_connection(address) as broker:
            questions = threading.Thread(target=pass_on, args=(self.request, broker, None))
            questions.start()
            pass_on(broker, self.request, 10 if gives_up else None)
            with contextlib.suppress(OSError):
                if gives_up:
                    self.request.sendall(GIVES_UP)
                self.request.shutdown(socket.SHUT_RDWR)
            questions.join()


def pass_on(source: socket.socket, sink: socket.socket, reads: int | None) -> None:
    """Until the end, or for so many reads."""
    with contextlib.suppress(OSError):
        while (reads is None or reads > 0) and (data := source.recv(65536)):
            sink.sendall(data)
            reads = None if reads is None else reads - 1


async def test_what_the_broker_gave_up_on_is_declared_again(amqp_url: str) -> None:
    with GivingUp(amqp_url, times=2) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # In a process of its own: the client library leaves such a connection's socket to the garbage collector.
        topology = await asyncio.create_subprocess_exec(
            *(script("callsheet-consumer"), "topology"),
            env={**clean_environment(), "CALLSHEET_AMQP_URL": server.amqp_url, "CALLSHEET_RETRY_DELAYS": "30s"},
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await topology.communicate()
        server.shutdown()
    assert (topology.returncode, printed.decode().split()[:3]) == (0, ["19", "queues", "stand:"])
    assert server.connections == 3
    async with await aio_pika.connect(amqp_url) as connection:
        assert await missing(await connection.channel(), 16, RUNGS) is None
