"""Sockets of the original's clients under remote control: one JSON order a line in, one answer a line out.

A socket is either made by hand (`raw`, ZMTP 3.0 as the original's own library) or libzmq's (`pyzmq`).
"""

import json
import sys
import threading
import time

import zmq

from original_zmtp import GREETING, Connection, Ended, raw, say, text

context = zmq.Context()
sockets = {}


class ZmqSocket:
    def __init__(self, socket_type, port):
        self.socket = context.socket(getattr(zmq, socket_type))
        self.socket.linger = 2000
        self.socket.rcvtimeo = self.socket.sndtimeo = 10_000
        self.socket.connect(f"tcp://127.0.0.1:{port}")

    def send(self, parts):
        if self.socket.type == zmq.SUB:
            (change,) = parts
            (self.socket.subscribe if change[0] else self.socket.unsubscribe)(change[1:])
        else:
            self.socket.send_multipart(parts)

    def read(self):
        return self.socket.recv_multipart()

    def has_something(self, within_ms):
        return bool(self.socket.poll(within_ms))

    def close(self):
        self.socket.close()


def connected(socket_type, port, by):
    if by == "pyzmq":
        return ZmqSocket(socket_type, port)
    connection = Connection.dial(port)
    connection.shake_hands(socket_type)
    return connection


def exchange(port, body, by):
    """One request as every original client makes it: a new connection, one request, its reply, FIN."""
    asking = connected("REQ", port, by)
    try:
        asking.send([body] if by == "pyzmq" else [b"", body])
        return asking.read()
    finally:
        asking.close()


class Watcher:
    """A client that minds its own business: one PING after the other, each over its own connection."""

    def __init__(self, port):
        self.port = port
        self.count, self.failures, self.slowest_ms = 0, [], 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            begun = time.monotonic()
            try:
                reply = exchange(self.port, b"PING", "raw")
                if reply != [b"", b"PONG"]:
                    self.failures.append(repr(reply))
            except Exception as error:
                self.failures.append(repr(error))
            self.count += 1
            self.slowest_ms = max(self.slowest_ms, (time.monotonic() - begun) * 1000)
            time.sleep(0.002)


def ask(port, body, by="raw"):
    parts = exchange(port, raw(body), by)
    return {"frames": [text(part) for part in parts]}


def ask_often(port, body, count):
    for number in range(count):
        parts = exchange(port, raw(body), "raw")
        if number == 0:
            first = parts
        if parts != first:
            raise ValueError(f"request {number} was answered {parts}, the first one {first}")
    return {"frames": [text(part) for part in first]}


def connect(name, socket_type, port, by="raw"):
    sockets[name] = connected(socket_type, port, by)
    if by == "pyzmq":
        return {}
    return {"greeting": text(sockets[name].greeting), "ready": text(sockets[name].ready)}


def dial(name, port, greets=False):
    sockets[name] = Connection.dial(port)
    if greets:
        sockets[name].write(GREETING)
    return {}


def write(name, some_bytes):
    sockets[name].write(raw(some_bytes))
    return {}


def send(name, frames):
    sockets[name].send([raw(part) for part in frames])
    return {}


def read(name):
    try:
        return {"frames": [text(part) for part in sockets[name].read()]}
    except Ended as end:
        return {"ended": end.how}


def probe(sender, listener, frames):
    """Sends the message until the listener hears something: a subscription takes effect some time after it was sent."""
    while True:
        send(sender, frames)
        if sockets[listener].has_something(20):
            return {}


def read_to_end(name):
    """Reads whatever comes until the other side ends the connection."""
    got = b""
    try:
        while True:
            more = sockets[name].tcp.recv(65536)
            if not more:
                return {"bytes": text(got), "ended": "fin"}
            got += more
    except (ConnectionResetError, BrokenPipeError):
        return {"bytes": text(got), "ended": "reset"}


def finish(name):
    sockets[name].finish()
    return {}


def reset(name):
    sockets.pop(name).reset()
    return {}


def close(name):
    sockets.pop(name).close()
    return {}


def watch(port):
    sockets["watcher"] = Watcher(port)
    return {}


def unwatch():
    watcher = sockets.pop("watcher")
    watcher.over.set()
    watcher.thread.join()
    return {"count": watcher.count, "failures": watcher.failures[:5], "slowestMs": watcher.slowest_ms}


orders = [ask, ask_often, connect, dial, write, send, read, probe, read_to_end, finish, reset, close, watch, unwatch]
by_name = {order.__name__: order for order in orders}

say("ready")
for line in sys.stdin:
    order = json.loads(line)
    try:
        say("done", **by_name[order.pop("order")](**order))
    except Exception as error:
        say("failed", why=f"{type(error).__name__}: {error}")
for left in sockets.values():
    if not isinstance(left, Watcher):
        left.close()
