"""The application: which path leads where, and how every error becomes an answer."""

from typing import Final

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from producers.serve.access_log import AccessLog
from producers.serve.authority import Authority
from producers.serve.body import Bodies
from producers.serve.broker import Broker
from producers.serve.events import Events
from producers.serve.limits import Limits
from producers.serve.metrics import Metrics
from producers.serve.openapi import openapi
from producers.serve.problems import Code, Problem
from producers.serve.update import SyncTrigger, Update

EVENTS: Final = "/v1/events"
SYNC: Final = "/v1/sync"
OPENAPI: Final = "/v1/openapi.json"


def application(
    authority: Authority, broker: Broker, limits: Limits, trigger: SyncTrigger | None, metrics: Metrics
) -> ASGIApp:
    """The ASGI application of the service."""
    bodies = Bodies(limits)
    description = orjson.dumps(openapi(limits))

    async def healthz(_: Request) -> Response:
        return Response(orjson.dumps({"alive": True}), media_type="application/json")

    async def readyz(_: Request) -> Response:
        ready = broker.state == "ok"
        document = {"ready": ready, "broker": broker.state}
        return Response(orjson.dumps(document), 200 if ready else 503, media_type="application/json")

    async def exposition(_: Request) -> Response:
        return Response(generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def described(_: Request) -> Response:
        return Response(description, media_type="application/json")

    routes = [
        Route(EVENTS, Events(authority, broker, limits, bodies, metrics).post, methods=["POST"]),
        Route(SYNC, Update(authority, bodies, trigger).post, methods=["POST"]),
        Route(OPENAPI, described),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", exposition),
    ]
    handlers = {
        Problem: _answer_problem,
        HTTPException: _answer_http,
        ClientDisconnect: _answer_nobody,
        Exception: _answer_fault,
    }
    paths = frozenset(route.path for route in routes)
    return AccessLog(Starlette(routes=routes, exception_handlers=handlers), paths, metrics)


def _answer_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


def _answer_http(_: Request, error: Exception) -> Response:
    """What the router refuses: a path or a method that there is not."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        problem = Problem(Code.METHOD_NOT_ALLOWED, f"this path takes {allowed}", headers={"Allow": allowed})
    else:
        problem = Problem(Code.NOT_FOUND, f"there is no such path; there is {EVENTS}, {SYNC} and {OPENAPI}")
    return problem.response()


def _answer_nobody(_: Request, __: Exception) -> Response:
    """The client has gone in the middle of its body: nobody reads this."""
    return Response(status_code=400)


def _answer_fault(_: Request, __: Exception) -> Response:
    """A fault of ours. The server below logs it with its traceback."""
    detail = "the service failed; what of the request was published is not known: send it again, with the same ids"
    return Problem(Code.INTERNAL, detail).response()
