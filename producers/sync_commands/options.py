"""The options that every ``sync`` command has, and what they say together."""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer

from contract import times
from contract.event import Status
from producers.command_line import AmqpUrl, AsJson, Wait
from producers.publisher import DEFAULT_DEADLINE_SECONDS
from producers.sync.request import Kind, Request, read_name
from producers.sync.timetable import Timetable

_DURATION: Final = re.compile(r"(\d{1,6}(?:\.\d+)?)([smh])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_MOST_DAYS: Final = 5 * 365


def read_duration(text: str) -> timedelta:
    """``60s``, ``5m`` or ``1h``. Raises typer.BadParameter."""
    match = _DURATION.fullmatch(text.strip())
    if not match or not float(match[1]):
        raise typer.BadParameter(f"{text!r}, expected a time like 60s, 5m or 1h")
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])


def _read_clock(text: str) -> time:
    try:
        if re.fullmatch(r"\d\d:\d\d", text):
            return time.fromisoformat(text)
    except ValueError:
        pass
    raise typer.BadParameter(f"{text!r}, expected a time of day like 06:00")


def _read_zone(text: str) -> ZoneInfo:
    try:
        return times.zone(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}, expected {error}") from None


def _read_statuses(text: str) -> frozenset[Status]:
    try:
        return frozenset(Status(name.strip()) for name in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r}, expected some of {','.join(Status)}") from None


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options as they are given."""

    who: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WHO",
            help="With --now or --again: for whom. Mailboxes, or objects like person:123 or room:Suite 4.",
        ),
    ] = None
    state: Annotated[
        Path,
        typer.Option(metavar="STATE.sqlite", help="What was last published; made by the first run.", dir_okay=False),
    ]
    directory: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Which person or room has which mailbox: CSV or TOML.", exists=True, dir_okay=False
        ),
    ] = None
    now: Annotated[
        bool,
        typer.Option(
            "--now",
            help="Update now: also put the calendars right as a whole, with a snapshot for each mailbox. With WHO: "
            "only theirs.",
        ),
    ] = False
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="For mailboxes that were enrolled later (WHO, or all): also send their whole state, a snapshot and "
            "all known cancellations.",
        ),
    ] = False
    plan: Annotated[
        bool, typer.Option("--plan", help="Only show what would be published for whom. Changes nothing.")
    ] = False
    days_before: Annotated[
        int | None,
        typer.Option(metavar="DAYS", min=0, max=_MOST_DAYS, help="Only what ends later than so many days ago."),
    ] = None
    days_after: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS",
            min=0,
            max=_MOST_DAYS,
            help="Only what begins up to so many days ahead: 7, 14, 30, 60, 90, 180.",
        ),
    ] = None
    timezone: Annotated[
        ZoneInfo | None,
        typer.Option(metavar="ZONE", parser=_read_zone, help="The zone of these days and of --at: Europe/Copenhagen."),
    ] = None
    every: Annotated[
        timedelta | None,
        typer.Option(metavar="TIME", parser=read_duration, help="Stay, and update again and again: 60s, 5m, 1h."),
    ] = None
    at: Annotated[
        time | None,
        typer.Option(
            metavar="HH:MM",
            parser=_read_clock,
            help="Stay, and each day at this time also put the calendars right as a whole.",
        ),
    ] = None
    statuses: Annotated[
        frozenset[Status] | None,
        typer.Option(metavar="STATUS,…", parser=_read_statuses, help="Which bookings: confirmed, tentative; or both."),
    ] = None
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", help="Templates for title and notes, and privacy.", exists=True, dir_okay=False
        ),
    ] = None
    accept_shrink: Annotated[
        bool,
        typer.Option(
            "--accept-shrink", help="Publish although more than 30 % of the bookings, and more than 5, are gone."
        ),
    ] = False
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Cancel everything when the schedule has no booking at all.")
    ] = False
    source_timeout: Annotated[
        timedelta | None,
        typer.Option(metavar="TIME", parser=read_duration, help="How long reading the source may take; left out: 60s."),
    ] = None
    status: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="Where to write after each update what was done.", dir_okay=False),
    ] = None
    http_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="With --every or --at: /metrics, /healthz, /status, POST /trigger; 0: any."
        ),
    ] = None
    http_host: Annotated[str, typer.Option(help="Where that port listens.")] = "127.0.0.1"
    amqp_url: AmqpUrl = None
    wait: Wait = DEFAULT_DEADLINE_SECONDS
    as_json: AsJson = False

    @property
    def stays(self) -> bool:
        """Whether it is to go on after the first update."""
        return self.every is not None or self.at is not None

    @property
    def zone(self) -> ZoneInfo:
        """Where no day of ours counts, it makes no difference which."""
        return self.timezone or ZoneInfo("UTC")

    @property
    def timetable(self) -> Timetable:
        """When it updates, if it stays."""
        return Timetable(self.every, self.at, self.zone)

    def check(self) -> None:
        """Raises typer.BadParameter for options that do not go together."""
        needs_zone = {"--days-before": self.days_before, "--days-after": self.days_after, "--at": self.at}
        for name, value in needs_zone.items():
            if value is not None and self.timezone is None:
                raise typer.BadParameter(f"{name} needs --timezone, to know where a day begins")
        if self.now and self.again:
            raise typer.BadParameter("--now and --again: --again does all that --now does, expected one of them")
        if self.who and not (self.now or self.again):
            raise typer.BadParameter("mailboxes are named, but not what for: expected --now or --again with them")
        if self.plan and self.stays:
            raise typer.BadParameter("--plan shows one update: expected it without --every and --at")
        if self.http_port is not None and not self.stays:
            raise typer.BadParameter("--http-port is for a sync that stays: expected --every or --at with it")

    def request(self) -> Request:
        """What the first update is to do. Raises typer.BadParameter."""
        named = set()
        for who in self.who or []:
            try:
                named.add(read_name(who))
            except ValueError as error:
                raise typer.BadParameter(f"{who!r}, expected {error}") from None
        return Request(Kind.NOW if self.now else Kind.AGAIN if self.again else Kind.CHANGES, frozenset(named))
