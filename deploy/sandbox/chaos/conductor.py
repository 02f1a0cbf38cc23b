"""Carries a plan out: a thread for each track, and a tally of what has really happened."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Any, Final

import requests

from deploy.sandbox.chaos.faults import Fault
from deploy.sandbox.chaos.people import People
from deploy.sandbox.chaos.plan import DropConnection, Fail, Kill, Pause, Plan, RestartBroker, Step, Touch
from deploy.sandbox.chaos.system import System

Tick = Callable[[float], None]
"""Told the seconds since the beginning, several times a second, while the plan is carried out."""

_CONTROL_SECONDS: Final = 10.0
_AGAIN_SECONDS: Final = 6.0
"""How long a fault that did not strike in its time is tried once more."""


class Conductor:
    """Does what a plan says to a system. ``struck`` counts how often each fault has struck, by its name."""

    def __init__(self, plan: Plan, system: System, people: People) -> None:
        self._plan = plan
        self._system = system
        self._people = people
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._began = 0.0
        self.struck: dict[str, tuple[str, int]] = {}
        """Kind and number of strikes of every fault, by its name."""

    def run(self, tick: Tick) -> None:
        """Returns when every track is at its end. Raises the first error of any; then all of them stop."""
        self._began = time.monotonic()
        tracks = self._plan.tracks()
        with ThreadPoolExecutor(len(tracks), thread_name_prefix="track") as threads:
            running = [threads.submit(self._track, track) for track in tracks]
            try:
                self._watch(running, tick)
            finally:
                self._stop.set()
            for track in running:
                track.result()

    def _watch(self, running: Sequence[Future[None]], tick: Tick) -> None:
        left = set(running)
        while left:
            done, left = wait(left, timeout=0.2, return_when=FIRST_EXCEPTION)
            for track in done:
                track.result()
            self._system.require_running()
            tick(time.monotonic() - self._began)

    def _track(self, track: Sequence[Step]) -> None:
        missed: list[Fault] = []
        for step in track:
            if self._stop.wait(max(0.0, self._began + step.at - time.monotonic())):
                return
            if isinstance(step, Fail):
                if not self._fail(step.fault, step.seconds):
                    missed.append(step.fault)
            else:
                self._do(step)
        for fault in missed:
            if not self._stop.is_set():
                self._fail(fault, _AGAIN_SECONDS)

    def _do(self, step: Step) -> None:
        match step:
            case Kill(replica=replica, away_seconds=away):
                self._system.replicas.kill(replica, away, self._stop)
            case Pause(replica=replica, seconds=seconds):
                self._system.replicas.pause(replica, seconds, self._stop)
            case RestartBroker(kill=kill):
                self._system.restart_broker(kill=kill)
            case DropConnection(replica=replica):
                self._system.drop_connection(replica, self._stop)
            case Touch(action=action):
                self._people.touch(action, self._stop)

    def _fail(self, fault: Fault, seconds: float) -> bool:
        """Let Exchange fail; ends when it has struck as often as it may, or after the time. Whether it struck."""
        control = f"{self._system.emulator.control_url}/faults"
        order: dict[str, Any] = {"kind": fault.kind, **fault.fields}
        if fault.count is not None:
            order["count"] = fault.count
        number = requests.post(control, json=order, timeout=_CONTROL_SECONDS).json()["id"]
        struck: int | None = 0
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and struck is not None and not self._stop.wait(0.1):
            struck = _strikes(control, number)
        if struck is not None:
            struck = _strikes(control, number)
        # It is gone from the list when it has struck as often as it may; ended in between, it struck no more.
        requests.delete(f"{control}/{number}", timeout=_CONTROL_SECONDS)
        struck = (fault.count or 0) if struck is None else struck
        with self._lock:
            before = self.struck.get(fault.name, (fault.kind, 0))[1]
            self.struck[fault.name] = fault.kind, before + struck
        return struck > 0


def _strikes(control: str, number: int) -> int | None:
    """How often a fault has struck so far; None when it is over."""
    for fault in requests.get(control, timeout=_CONTROL_SECONDS).json():
        if fault["id"] == number:
            return int(fault["struck"])
    return None
