"""ZMTP 3.0 with the NULL mechanism as the original's library speaks it, on plain sockets and nothing more.

Byte strings travel to and from the tests as text of the same code points (latin-1), since JSON has no bytes.
"""

import json
import os
import select
import socket
import struct

MORE, LONG, COMMAND = 1, 2, 4
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)


def say(event, **fields):
    """Writes one line for the test in a single call, so that lines of several threads never mix."""
    os.write(1, (json.dumps({"event": event, **fields}) + "\n").encode())


def text(raw):
    return raw.decode("latin-1")


def raw(some_text):
    return some_text.encode("latin-1")


def frame(body, flags=0):
    """A frame in the short form up to 255 bytes and in the long form above."""
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return bytes([flags | LONG]) + struct.pack(">Q", len(body)) + body


def message(parts):
    return b"".join(frame(part, MORE) for part in parts[:-1]) + frame(parts[-1])


def ready(socket_type):
    name = b"Socket-Type"
    value = socket_type.encode()
    return frame(b"\x05READY" + bytes([len(name)]) + name + struct.pack(">I", len(value)) + value, COMMAND)


def properties(command):
    """The properties of a READY command's body."""
    found = {}
    at = 6
    while at < len(command):
        name = command[at + 1 : at + 1 + command[at]]
        at += 1 + len(name)
        (length,) = struct.unpack_from(">I", command, at)
        found[name.decode()] = command[at + 4 : at + 4 + length]
        at += 4 + length
    return found


class Ended(Exception):
    """The other side ended the connection: `fin` or `reset`, inside a frame or message or between two."""

    def __init__(self, how, is_torn):
        super().__init__(how)
        self.how = how
        self.is_torn = is_torn


class BadCommand(Exception):
    """A command the original does not know. It drops the connection, and where that is its REP, it ends."""


class Connection:
    """One TCP connection. Nothing is sent before `shake_hands`."""

    def __init__(self, tcp, timeout_s=10):
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tcp.settimeout(timeout_s)
        self.tcp = tcp
        self.greeting = b""
        self.ready = b""

    @classmethod
    def dial(cls, port, timeout_s=10):
        return cls(socket.create_connection(("127.0.0.1", port), timeout_s), timeout_s)

    def shake_hands(self, socket_type, greeting=GREETING):
        """Greets without waiting, and says READY once the greeting of the other side is there."""
        self.write(greeting)
        self.greeting = self._exactly(64, is_start=True)
        if self.greeting[0] != 0xFF or self.greeting[9] != 0x7F or self.greeting[10] < 3:
            raise BadCommand(f"greeting {self.greeting.hex()}")
        self.write(ready(socket_type))
        flags, self.ready = self._frame(is_start=True)
        if not flags & COMMAND or not self.ready.startswith(b"\x05READY"):
            raise BadCommand(f"handshake {self.ready!r}")
        return properties(self.ready)

    def write(self, some_bytes):
        self.tcp.sendall(some_bytes)

    def send(self, parts):
        self.write(message(parts))

    def read(self):
        """The frames of the next message."""
        parts = []
        while True:
            flags, body = self._frame(is_start=not parts)
            if flags & COMMAND:
                raise BadCommand(f"command {body!r}")
            parts.append(body)
            if not flags & MORE:
                return parts

    def has_something(self, within_ms):
        return bool(select.select([self.tcp], [], [], within_ms / 1000)[0])

    def finish(self):
        """Sends the FIN and goes on reading."""
        self.tcp.shutdown(socket.SHUT_WR)

    def close(self):
        self.tcp.close()

    def reset(self):
        """Ends the connection with an RST."""
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.tcp.close()

    def _frame(self, is_start):
        flags, short = self._exactly(2, is_start)
        if not flags & LONG:
            return flags, self._exactly(short, is_start=False)
        (length,) = struct.unpack(">Q", bytes([short]) + self._exactly(7, is_start=False))
        return flags, self._exactly(length, is_start=False)

    def _exactly(self, count, is_start):
        got = b""
        while len(got) < count:
            try:
                more = self.tcp.recv(min(count - len(got), 1 << 20))
            except (ConnectionResetError, BrokenPipeError):
                raise Ended("reset", is_torn=bool(got) or not is_start) from None
            if not more:
                raise Ended("fin", is_torn=bool(got) or not is_start)
            got += more
        return got
