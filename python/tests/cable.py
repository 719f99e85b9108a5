"""A cable between a client and a principal that can swallow replies."""

from __future__ import annotations

import contextlib
import socket
import threading


class Cable:
    """Passes bytes on in both directions, on a port of its own."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._swallowed_verb: bytes | None = None
        self.has_swallowed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow_the_next_reply_to(self, verb: str) -> None:
        """The principal will do what is asked, and the client will not hear of it."""
        self._swallowed_verb = verb.encode() + b"\x01"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                Connection(self, self._listener.accept()[0], self._target)

    def takes(self, chunk: bytes) -> bool:
        """Whether the replies after these bytes of a client are to be swallowed."""
        if self._swallowed_verb is None or self._swallowed_verb not in chunk:
            return False
        self._swallowed_verb = None
        return True

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()


class Connection:
    """One connection of a client, and its counterpart at the principal."""

    def __init__(self, cable: Cable, client: socket.socket, port: int) -> None:
        self._cable = cable
        self._swallows = False
        try:
            principal = socket.create_connection(("127.0.0.1", port))
        except OSError:
            client.close()
            return
        for source, target, is_reply in [(client, principal, False), (principal, client, True)]:
            threading.Thread(target=self._pass_on, args=(source, target, is_reply), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_reply: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65_536):
                if not is_reply and self._cable.takes(chunk):
                    self._swallows = True
                if is_reply and self._swallows:
                    self._cable.has_swallowed.set()
                else:
                    target.sendall(chunk)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()
