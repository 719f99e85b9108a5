"""The socket of one request. A principal of ours would take many requests on one connection; an original one goes deaf
on every connection it has, every few seconds, so each request gets its own."""

from __future__ import annotations

from typing import Any

import zmq

from ._errors import CdktrError, PrincipalError, SettingError, TimedOutError, UnreachableError
from ._settings import Settings


def make_ready(socket: zmq.Socket[Any], settings: Settings) -> None:
    """Has a new REQ socket begin to connect. Raises `SettingError` for an address that is none."""
    # What was not sent when a request is given up must not be sent later.
    socket.setsockopt(zmq.LINGER, 0)
    # It takes a request only once the other side has shaken hands: before, nothing can have happened.
    socket.setsockopt(zmq.IMMEDIATE, 1)
    if settings.endpoint.startswith("tcp://["):
        socket.setsockopt(zmq.IPV6, 1)
    if settings.curve is not None:
        settings.curve.secure(socket)
    try:
        socket.connect(settings.endpoint)
    except zmq.ZMQError as cause:
        message = f"Cannot connect to {settings.shown}: {cause.strerror}."
        raise SettingError("INVALID_SETTING", message, "Check host and port.") from cause


def no_socket(cause: zmq.ZMQError) -> CdktrError:
    """The error of a process that has too many sockets open."""
    message = f"Cannot open another socket: {cause.strerror}."
    return PrincipalError("LIMIT_EXCEEDED", message, "Ask for less at the same time.")


def unreachable(settings: Settings) -> CdktrError:
    """The error of a request that was not sent."""
    secured = "Is it there, and are the CURVE keys the right ones?"
    plain = (
        "Is it there, are CDKTR_PRINCIPAL_HOST and CDKTR_PRINCIPAL_PORT right, and does it take clients without keys?"
    )
    hint = plain if settings.curve is None else secured
    return UnreachableError("UNREACHABLE", f"The principal at {settings.shown} does not answer.", hint)


def busy(settings: Settings) -> CdktrError:
    """The error of a request that was not sent because others of this client were under way."""
    message = f"Other requests of this client to the principal at {settings.shown} were not done in time."
    return UnreachableError("UNREACHABLE", message)


def timed_out(settings: Settings, timeout_s: float) -> CdktrError:
    """The error of a request that was sent."""
    message = f"The principal at {settings.shown} did not answer within {timeout_s:.3g} s."
    return TimedOutError("TIMED_OUT", message, "It may have done what was asked all the same.")
