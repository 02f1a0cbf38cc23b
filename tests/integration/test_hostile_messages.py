"""Five thousand hostile messages: each is parked once with the right reason, none is applied, memory stays bounded."""

import asyncio
import json
import random
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import aio_pika
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pamqp.commands import Basic

from contract import names
from contract.codec import decode, encode
from contract.event import MAX_EVENT_BYTES, MAX_SNAPSHOT_BYTES
from contract.partition import partition_of
from contract.reasons import EventError
from tests.integration.conftest import StartSystem
from tests.integration.system import cancelled, changed
from tests.operator import call, take_all
from tests.support import eventually_async

ANNA = "anna@example.com"
MESSAGES = 5000
GENERATED = 2000
MAX_PEAK_MIB = 300
SEED = 20261123

GOOD = [encode(changed(ANNA, "B-hostile", 1, notes="Håkan – Ærø 🎬")), encode(cancelled(ANNA, "B-hostile", 2))]

_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
_PATHS = ["specversion", "id", "source", "type", "subject", "time", "data"]
_FIELDS = [
    "booking",
    "revision",
    "title",
    "start",
    "end",
    "timezone",
    "all_day",
    "status",
    "show_as",
    "categories",
    "url",
]


def reason_of(body: bytes) -> str:
    """The reason with which a body is refused; empty if it is not."""
    try:
        decode(body)
    except EventError as error:
        return str(error.reason)
    return ""


@st.composite
def _bent(draw: st.DrawFn) -> bytes:
    """A good event in which a field or two hold anything at all, or are gone."""
    document = orjson.loads(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 2))):
        outer, names_of = draw(st.sampled_from([("", _PATHS), ("data", _FIELDS)]))
        target = document.get(outer) if outer else document
        if isinstance(target, dict):
            name = draw(st.sampled_from(names_of))
            if draw(st.booleans()):
                target.pop(name, None)
            else:
                target[name] = draw(_JSON)
    return _dumped(document)


def _generated() -> Iterator[bytes]:
    """What Hypothesis thinks of: bytes, JSON of any shape, good events with bad fields."""
    found: list[bytes] = []

    @settings(
        max_examples=GENERATED // 4,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.binary(max_size=300) | _JSON.map(_dumped) | _bent(), min_size=15, max_size=15))
    def collect(bodies: list[bytes]) -> None:
        found.extend(bodies)

    collect()
    yield from found


def _dumped(value: object) -> bytes:
    # By the standard library, which also writes numbers that are too large for others.
    return json.dumps(value).encode()


def _corpus(chance: random.Random) -> Iterator[bytes]:
    """Known ways to hurt a reader, then good events cut, bent and re-encoded at random, without an end."""
    document = orjson.loads(GOOD[0])
    for depth in (40, 1_000, 100_000):
        yield b"[" * depth
        yield b"[" * depth + b"]" * depth
        yield b'{"a":' * depth + b"1" + b"}" * depth
        yield GOOD[0].replace(b'"B-hostile"', b"[" * depth + b"]" * depth)
    for size in (MAX_EVENT_BYTES, MAX_SNAPSHOT_BYTES, 4 * MAX_SNAPSHOT_BYTES):
        for _ in range(4):
            size += chance.randrange(1000)
            yield orjson.dumps({**document, "padding": "x" * size})
            yield b" " * size + b"{"
            yield b"\x00" * size
    yield b""
    yield from (
        text.encode(encoding) for text in ("{}", GOOD[0].decode()) for encoding in ("utf-16", "utf-32", "utf-7")
    )
    yield GOOD[0].decode().encode("latin-1", "replace")
    yield b"\xef\xbb\xbf" + GOOD[0]
    for version in (0, 2, 3, 10, 99, 10**30):
        yield orjson.dumps({**document, "type": f"schedule.booking.changed.v{version}"})
    for number in (b"1e400", b"-1", b"9007199254740992", b"1.5", b"1e3", b"NaN", b"1" * 5000, b"0x10", b"00"):
        yield GOOD[0].replace(b'"revision":1', b'"revision":' + number)
    for address in ("", "anna", "a@b@c", "anna@example.com\r\nX: y", "Anna <anna@example.com>", "å@example.com", "*"):
        yield orjson.dumps({**document, "subject": address})
    for year in (1, 1969, 2026, 2200, 9999):
        times = {"start": f"{year:04}-01-02T00:00:00Z", "end": f"{year:04}-01-01T00:00:00Z"}
        yield orjson.dumps({**document, "data": {**document["data"], **times}})
        for name, time in times.items():
            yield orjson.dumps({**document, "data": {**document["data"], name: time}})
    while True:
        body = bytearray(chance.choice(GOOD))
        match chance.randrange(4):
            case 0:
                del body[chance.randrange(len(body)) :]
            case 1:
                body[chance.randrange(len(body))] = chance.randrange(256)
            case 2:
                at = chance.randrange(len(body))
                body[at:at] = chance.randbytes(chance.randrange(1, 20))
            case _:
                bent = orjson.loads(chance.choice(GOOD))
                target = chance.choice([bent, bent["data"]])
                junk = [chance.random(), -chance.randrange(1, 10**9), [chance.random()], f"\x00{chance.random()}", {}]
                target[chance.choice(list(target))] = chance.choice(junk)
                body = bytearray(_dumped(bent))
        yield bytes(body)


def hostile() -> list[tuple[bytes, str]]:
    """So many bodies that are no event, each with the reason that the contract has for it."""
    bodies: list[tuple[bytes, str]] = []
    known: set[bytes] = set()
    for source, up_to in ((_generated(), GENERATED), (_corpus(random.Random(SEED)), MESSAGES)):
        for body in source:
            if len(bodies) == up_to:
                break
            if body not in known and (reason := reason_of(body)):
                known.add(body)
                bodies.append((body, reason))
    assert len(bodies) == MESSAGES
    return bodies


async def _publish(url: str, bodies: list[tuple[bytes, str]]) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(on_return_raises=True)
        exchange = await channel.get_exchange(names.EXCHANGE, ensure=False)
        for first in range(0, len(bodies), 200):
            await asyncio.gather(
                *(
                    exchange.publish(
                        aio_pika.Message(body, message_id=f"hostile-{number}", delivery_mode=2),
                        names.routing_key(number % 16),
                        mandatory=True,
                    )
                    for number, (body, _) in enumerate(bodies[first : first + 200], first)
                )
            )


def _peak_mib(pid: int) -> float:
    """The most memory that a process has ever held (Linux, proc(5): VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


@pytest.mark.timeout(120)
async def test_five_thousand_hostile_messages(system: StartSystem, capsys: pytest.CaptureFixture[str]) -> None:
    bodies = hostile()
    one = system([ANNA])
    await one.start_replicas(1)
    replica = one.replicas[0]
    before = _peak_mib(replica.child.pid)
    await _publish(one.amqp_url, bodies)
    await eventually_async(lambda: one.outcomes()["parked"] >= MESSAGES and one.waiting() == 0, 60, what="all parked")
    assert one.outcomes() == {"parked": MESSAGES}
    assert one.emulator.counters()["items"] == {}
    assert replica.ready()
    peak = _peak_mib(replica.child.pid)

    await one.publish([changed(ANNA, "B-good", 1)])
    await one.settled(MESSAGES + 1)
    assert [item.title for item in one.calendars([ANNA])[ANNA]] == ["Mix B-good"]

    parked = await take_all(one, names.PARKED_QUEUE)
    assert Counter(message.message_id for message in parked) == Counter(f"hostile-{n}" for n in range(MESSAGES))
    wrong = []
    for message in parked:
        body, reason = bodies[int(str(message.message_id).removeprefix("hostile-"))]
        if message.body != body or message.headers[names.HEADER_REASON] != reason:
            wrong.append((reason, message.headers, message.body[:200]))
    assert not wrong
    reasons = Counter(reason for _, reason in bodies)
    assert len(reasons) == 9, reasons
    with capsys.disabled():
        print(f"\nhostile: messages={MESSAGES} reasons={dict(reasons)} peak_mib={peak:.0f} (idle {before:.0f})")
    assert peak < MAX_PEAK_MIB


class RawProperties(Basic.Properties):
    """Properties as they go over the wire: flags, then the values of those that are set (AMQP 0-9-1, 4.2.6.1)."""

    raw = b""

    def marshal(self) -> bytes:
        return self.raw


def _deep_table(levels: int) -> bytes:
    table = b""
    for _ in range(levels):
        table = b"\x01aF" + struct.pack(">I", len(table)) + table
    return struct.pack(">I", len(table)) + table


WIRE = {
    "message id that is not UTF-8": struct.pack(">H", 1 << 7) + b"\x03\xff\xfe\xfd",
    "type that is not UTF-8": struct.pack(">H", 1 << 5) + b"\x02\xc3\x28",
    "content type that is not UTF-8": struct.pack(">H", 1 << 15) + b"\x01\x80",
    "time after the year 9999": struct.pack(">HQ", 1 << 6, 2**62),
    "deep table of headers": struct.pack(">H", 1 << 13) + _deep_table(3000),
    "header name that is not UTF-8": struct.pack(">HI", 1 << 13, 5) + b"\x02\xff\xfet\x01",
    "header of ours in another type": struct.pack(">HI", 1 << 13, 17) + b"\x0ax-attemptsS\x00\x00\x00\x01?",
}


async def test_properties_that_cannot_be_read_stop_nobody(system: StartSystem) -> None:
    one = system([ANNA])
    await one.start_replicas(1)
    async with await aio_pika.connect(one.amqp_url) as connection:
        channel = await (await connection.channel()).get_underlay_channel()
        for number, (name, raw) in enumerate(WIRE.items()):
            properties = RawProperties()
            properties.raw = raw
            body = encode(changed(ANNA, f"B-{number}", 1, title=name))
            key = names.routing_key(partition_of(ANNA))
            await channel.basic_publish(body, exchange=names.EXCHANGE, routing_key=key, properties=properties)
            await channel.basic_publish(b"{", routing_key=names.PARKED_QUEUE, properties=properties)
    await one.publish([changed(ANNA, "B-good", 1)])
    assert await one.settled(len(WIRE) + 1) == {"applied": len(WIRE) + 1}
    assert {item.title for item in one.calendars([ANNA])[ANNA]} == {*WIRE, "Mix B-good"}
    for arguments in (["list", "--json"], ["show", "--json"], ["drop", "--yes"]):
        called = call(one, "parked", *arguments)
        assert called.code == 0, called.err
    assert f"dropped: {len(WIRE)}" in called.out
