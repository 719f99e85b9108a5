"""Requests and replies as bytes; docs/wire.md of cdktr tells them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Optional

from ._errors import CdktrError, PrincipalError, RefusedError, UnsupportedError, error_of

_separator = "\x01"


def encode_original(verb: str, *arguments: str) -> bytes:
    """A request that an original principal knows, too. Raises `RefusedError` for an argument that would be cut up."""
    for argument in arguments:
        if _separator in argument:
            message = f"Cannot ask for {argument!r}: the byte 1 separates arguments."
            raise RefusedError("INVALID_ARGUMENT", message)
    try:
        return _separator.join([verb, *arguments]).encode()
    except UnicodeEncodeError as cause:
        raise RefusedError("INVALID_ARGUMENT", f"An argument of {verb} is no valid text: {cause}.") from cause


def encode_new(verb: str, request: Mapping[str, Any]) -> bytes:
    """A request of a verb the original does not have."""
    return f"{verb}{_separator}{json.dumps(request)}".encode()


def is_unrecognised(reply: bytes, verb: str) -> bool:
    """Whether the principal does not know the verb: how an original one answers the new verbs."""
    return reply.decode(errors="replace") == f"CLIENTERROR{_separator}ParseError: Unrecognised message type: {verb}"


def read_payload(reply: bytes) -> Any:
    """What a reply brings: JSON as objects of Python, other text as it is, None if there is nothing.

    Raises the error that the reply tells.
    """
    token, _, rest = reply.decode(errors="replace").partition(_separator)
    if token in ("PONG", "OK"):
        return None
    if token == "SUCCESS":
        try:
            return json.loads(rest)
        except ValueError:
            return rest
    if token in ("CLIENTERROR", "SERVERERROR"):
        raise _told_by_new_verb(rest) or _told_by_original(token, rest)
    raise UnsupportedError("UNSUPPORTED", f"Cannot read the principal's reply: it begins with {token[:40]!r}.")


def read_object(reply: bytes, *required: str) -> dict[str, Any]:
    """What a reply brings, an object with at least these fields. Raises the error that the reply tells."""
    payload = read_payload(reply)
    if isinstance(payload, dict) and all(name in payload for name in required):
        return payload
    raise UnsupportedError("UNSUPPORTED", f"Cannot read the principal's reply: it is no object with {required}.")


def _told_by_new_verb(text: str) -> Optional[CdktrError]:
    try:
        told = json.loads(text)
    except ValueError:
        return None
    if not isinstance(told, dict) or not isinstance(told.get("code"), str):
        return None
    hint = told.get("hint")
    return error_of(told["code"], str(told.get("message")), hint if isinstance(hint, str) else None)


def _told_by_original(token: str, text: str) -> CdktrError:
    if token == "SERVERERROR":
        return PrincipalError("STORAGE", text)
    return error_of("NOT_FOUND" if text.startswith("No workflow exists") else "INVALID_ARGUMENT", text)
