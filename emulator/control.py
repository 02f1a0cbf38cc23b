"""The control endpoint: counters, the last requests and faults, as JSON over HTTP on a port of its own.

    GET /counters     DELETE /counters
    GET /journal      DELETE /journal
    GET /faults       POST /faults      DELETE /faults     DELETE /faults/{id}

It has no log-in: it is meant for the machine the emulator runs on.
"""

import orjson
from pydantic import TypeAdapter, ValidationError

from emulator.counters import Counters
from emulator.faults.board import Active, FaultBoard
from emulator.faults.kinds import Fault
from emulator.http.message import HttpRequest, HttpResponse, Peer, json_response
from emulator.request_log import RequestLog

_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


class Control:
    """Answers the control port's requests."""

    def __init__(self, counters: Counters, journal: RequestLog, faults: FaultBoard) -> None:
        self._counters = counters
        self._journal = journal
        self._faults = faults

    def answer(self, request: HttpRequest, _peer: Peer) -> HttpResponse:
        """Answer one request; what is wrong with it is said as {"error": …} with status 400, 404 or 405."""
        method, path = request.method, request.path.rstrip("/")
        if path in ("/counters", "/journal"):
            record = self._counters if path == "/counters" else self._journal
            if method == "GET":
                return json_response(record.as_json())
            if method == "DELETE":
                record.clear()
                return json_response({})
            return _error(405, f"{path} takes GET and DELETE")
        if path == "/faults":
            if method == "GET":
                return json_response([_describe(active) for active in self._faults.active()])
            if method == "POST":
                return self._add(request.body)
            if method == "DELETE":
                self._faults.clear()
                return json_response({})
            return _error(405, "/faults takes GET, POST and DELETE")
        head, _, number = path.rpartition("/")
        if head == "/faults" and number.isdecimal():
            if method != "DELETE":
                return _error(405, "/faults/{id} takes DELETE")
            if not self._faults.remove(int(number)):
                return _error(404, f"no fault {number}: it was never there, or has ended")
            return json_response({})
        return _error(404, "known are /counters, /journal, /faults and /faults/{id}")

    def _add(self, body: bytes) -> HttpResponse:
        try:
            fault = _FAULT.validate_python(orjson.loads(body))
        except orjson.JSONDecodeError as error:
            return _error(400, f"the body is not JSON: {error}")
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False)
            return _error(400, "; ".join(f"{_place(problem['loc'])}: {problem['msg']}" for problem in problems))
        return json_response({"id": self._faults.add(fault).id})


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "fault"


def _describe(active: Active) -> dict[str, object]:
    return {"id": active.id, **active.fault.model_dump(exclude_none=True), "left": active.left, "struck": active.struck}


def _error(status: int, text: str) -> HttpResponse:
    return json_response({"error": text}, status)
