"""Keys for an encrypted connection: ZeroMQ's CURVE mechanism, as a client."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Optional, Union

import zmq
from zmq.utils import z85

from ._errors import SettingError, UnsupportedError

_key_chars = 40


class Curve:
    """The server's public key, by which it is recognised, and this client's own keys, by which it is.

    Keys are 40 characters of Z85, as `zmq.curve_keypair()` makes them. The public key follows from the secret one.
    Without either, a pair is made that lasts as long as this object, for servers that admit any client.

    No key shows in `repr`, in errors or in logs.
    """

    __slots__ = ("_public_key", "_secret_key", "_server_key")

    def __init__(
        self,
        server_key: Union[str, bytes],
        *,
        public_key: Union[str, bytes, None] = None,
        secret_key: Union[str, bytes, None] = None,
    ) -> None:
        if not zmq.has("curve"):
            raise UnsupportedError("UNSUPPORTED", "This libzmq cannot encrypt.", "Install pyzmq from its wheels.")
        self._server_key = _checked("server", server_key)
        if secret_key is None:
            if public_key is not None:
                raise SettingError("INVALID_SETTING", "A public CURVE key is given without its secret key.")
            self._public_key, self._secret_key = zmq.curve_keypair()
            return
        self._secret_key = _checked("secret", secret_key)
        self._public_key = zmq.curve_public(self._secret_key)
        if public_key is not None and _checked("public", public_key) != self._public_key:
            raise SettingError("INVALID_SETTING", "The public CURVE key does not belong to the secret one.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Optional[Curve]:
        """Reads CDKTR_CURVE_SERVER_KEY, CDKTR_CURVE_PUBLIC_KEY and CDKTR_CURVE_SECRET_KEY; None if none is set.

        Raises `SettingError` for a key that cannot be used, and for own keys without the server's.
        """
        server, public, secret = (
            environment.get(f"CDKTR_CURVE_{which}_KEY", "").strip() or None for which in ("SERVER", "PUBLIC", "SECRET")
        )
        if server is not None:
            return cls(server, public_key=public, secret_key=secret)
        if public is not None or secret is not None:
            # Going on without encryption is not what whoever set them wants.
            message = "CURVE keys of this client are set, and CDKTR_CURVE_SERVER_KEY is not."
            raise SettingError("INVALID_SETTING", message, "Set it to the principal's public key.")
        return None

    def secure(self, socket: zmq.Socket[Any]) -> None:
        """Has a socket that is not connected yet encrypt."""
        socket.setsockopt(zmq.CURVE_SERVERKEY, self._server_key)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self._public_key)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._secret_key)

    def __repr__(self) -> str:
        return "Curve(...)"


def _checked(which: str, key: Union[str, bytes]) -> bytes:
    """The key as bytes. Its value is in no error."""
    try:
        raw = key.encode("ascii") if isinstance(key, str) else bytes(key)
        if len(raw) == _key_chars and len(z85.decode(raw)) == 32:
            return raw
    except (ValueError, KeyError):
        pass
    hint = f"A key is {_key_chars} characters of Z85."
    # The cause could show what was given.
    raise SettingError("INVALID_SETTING", f"The {which} CURVE key cannot be used.", hint) from None
