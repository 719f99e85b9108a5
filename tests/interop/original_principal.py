"""The original's principal: a serial REP, a PULL and a PUB of ZMTP 3.0, with the faults of its kind on demand.

Where the original would end itself, it says `fatal` and goes on, so that the test can tell why.
"""

import json
import queue
import socket
import sys
import threading
import time

from original_zmtp import BadCommand, Connection, Ended, say, text

setup = json.loads(sys.argv[1])
documents = list(setup["documents"])
# By verb: how many replies are executed and never sent, refused by an RST, or by a FIN; and after how many ms they come.
lost, reset, hung_up = (dict(setup.get(fault, {})) for fault in ["lost", "reset", "hungUp"])
delays_ms = {verb: list(delays) for verb, delays in setup.get("delaysMs", {}).items()}
errors = {verb: list(replies) for verb, replies in setup.get("errors", {}).items()}
arrivals = queue.Queue()
connections = {}
numbers = iter(range(1, 1_000_000))
begun = time.monotonic()


def did(what, **fields):
    say("did", what=what, atMs=round((time.monotonic() - begun) * 1000), **fields)


class Peer:
    """One accepted connection."""

    def __init__(self, tcp, port_name, socket_type, wanted):
        self.number = next(numbers)
        self.port = port_name
        self.connection = Connection(tcp, timeout_s=60)
        self.is_deaf = False
        self.requests = 0
        self.handled = threading.Semaphore(0)
        threading.Thread(target=self.run, args=(socket_type, wanted), daemon=True).start()

    def run(self, socket_type, wanted):
        try:
            found = self.connection.shake_hands(socket_type)
        except (Ended, BadCommand, OSError) as error:
            did("turned away", port=self.port, connection=self.number, why=str(error))
            return self.connection.close()
        did("connected", port=self.port, connection=self.number, ready={k: text(v) for k, v in found.items()})
        if found.get("Socket-Type", b"").decode() not in wanted:
            return self.connection.close()
        if found.get("Identity"):
            self.fatal("an identity, which another connection could have")
        connections[self.number] = self
        try:
            while True:
                self.take(self.connection.read())
        except BadCommand as error:
            self.fatal(str(error))
            how = "refused"
        except Ended as end:
            how = end.how
            if end.is_torn:
                self.fatal("the connection ended inside a message")
            if how == "reset":
                self.fatal("the connection ended with an RST")
        except OSError as error:
            how = f"closed by the principal: {error}"
        connections.pop(self.number, None)
        did("closed", port=self.port, connection=self.number, how=how, requests=self.requests)
        self.connection.close()

    def fatal(self, why):
        did("fatal", port=self.port, connection=self.number, why=why)

    def take(self, parts):
        if self.port == "requests":
            self.requests += 1
            arrivals.put((self, parts))
            # What comes behind a request, be it a FIN, is not looked at before the request is done with.
            self.handled.acquire()
        elif self.port == "logs":
            did("log", connection=self.number, frames=[text(part) for part in parts])
        else:
            did("subscription", connection=self.number, frames=[text(part) for part in parts])
            for line in setup.get("lines", []):
                self.connection.send([line.encode()])


def listen(port_name, socket_type, wanted):
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            tcp, _ = listener.accept()
            Peer(tcp, port_name, socket_type, wanted)

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def answer(body):
    verb = body.split("\x01")[0]
    if errors.get(verb):
        return errors[verb].pop(0)
    if verb in setup.get("replies", {}):
        return setup["replies"][verb]
    if verb == "FETCHWORKFLOW":
        return f"SUCCESS\x01{documents.pop(0)}" if documents else "OK"
    if verb in ("REGISTERAGENT", "AGENTWORKFLOWSTATUS", "AGENTTASKSTATUS", "RUNTASK"):
        return "OK"
    if verb == "PING":
        return "PONG"
    return f"CLIENTERROR\x01ParseError: Unrecognised message type: {verb}"


def take_one(counts, verb):
    left = counts.get(verb, 0)
    counts[verb] = left - 1
    return left > 0


def serve():
    """One request after the other. Every `refreshMs` it goes deaf on all connections it has, after an answer."""
    refreshed = time.monotonic()
    while True:
        peer, parts = arrivals.get()
        # What connects while the reply is on its way comes after the refresh: the original does both in one go.
        present = list(connections.values())
        if b"" in parts[:-1]:
            handle(peer, parts[: parts.index(b"") + 1], parts[parts.index(b"") + 1 :])
        else:
            peer.fatal(f"a request without its empty frame: {parts!r}")
        if setup.get("refreshMs") is not None and time.monotonic() - refreshed > setup["refreshMs"] / 1000:
            refreshed = time.monotonic()
            for other in present:
                other.is_deaf = other.port == "requests"
        peer.handled.release()


def handle(peer, envelope, frames):
    body = b"".join(frames).decode()
    verb = body.split("\x01")[0]
    # Whoever waits behind this one can lose its reply.
    did("request", connection=peer.number, text=body, nth=peer.requests, behind=arrivals.qsize())
    reply = answer(body)
    if delays_ms.get(verb):
        time.sleep(delays_ms[verb].pop(0) / 1000)
    if take_one(reset, verb):
        peer.connection.reset()
    elif take_one(hung_up, verb):
        peer.connection.finish()
    elif take_one(lost, verb):
        peer.is_deaf = True
    elif not peer.is_deaf:
        try:
            peer.connection.send([*envelope, reply.encode()])
            did("answered", connection=peer.number)
        except OSError as error:
            peer.fatal(f"the reply could not be written: {error}")


threading.Thread(target=serve, daemon=True).start()
say(
    "ready",
    port=listen("requests", "REP", ["REQ", "DEALER"]),
    logsInPort=listen("logs", "PULL", ["PUSH"]),
    logsOutPort=listen("publisher", "PUB", ["SUB", "XSUB"]),
)
for _ in sys.stdin:
    pass
