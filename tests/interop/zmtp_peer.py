"""A libzmq peer for the interoperation tests: one socket, one part to play, told as JSON in the first argument."""

import json
import sys
import threading

import zmq


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def frame(size):
    pattern = bytes((index * 7 + size) % 251 for index in range(251))
    return (pattern * (size // 251 + 1))[:size]


setup = json.loads(sys.argv[1])
messages = [[frame(size) for size in sizes] for sizes in setup["messages"]]
context = zmq.Context()
socket = context.socket(getattr(zmq, setup["type"]))
socket.linger = 1000
for option, value in setup.get("options", {}).items():
    socket.setsockopt(getattr(zmq, option), value)
if setup["type"] == "SUB":
    socket.subscribe(b"T")
if "connect" in setup:
    socket.connect(f"tcp://127.0.0.1:{setup['connect']}")
    say("ready")
else:
    say("ready", port=socket.bind_to_random_port("tcp://127.0.0.1"))


def end_with_stdin():
    for _ in sys.stdin:
        go.set()
    over.set()


go = threading.Event()
over = threading.Event()
threading.Thread(target=end_with_stdin, daemon=True).start()


def receive():
    while not over.is_set():
        if socket.poll(50):
            return socket.recv_multipart()
    return None


def check(got, wanted):
    if got != wanted:
        say("wrong", got=[len(part) for part in got], wanted=[len(part) for part in wanted])
        sys.exit(1)


part = setup["part"]
if part == "ask":
    lead = [b""] if setup.get("delimiter") else []
    for message in messages:
        socket.send_multipart(lead + message)
        answer = receive()
        if answer is not None:
            check(answer, lead + message)
elif part == "send":
    for message in messages:
        socket.send_multipart(message)
elif part == "take":
    for message in messages:
        check(receive(), message)
elif part == "publish":
    while not go.wait(0.01):
        socket.send_multipart([b"Tprobe"])
    for message in messages:
        socket.send_multipart([b"noise"])
        socket.send_multipart([b"T"] + message)
elif part == "subscribe":
    check(receive(), [b"Tprobe"])
    say("probe")
    got = receive()
    while got == [b"Tprobe"]:
        got = receive()
    for index, message in enumerate(messages):
        check(got if index == 0 else receive(), [b"T"] + message)
elif part == "echo":
    while (message := receive()) is not None:
        socket.send_multipart(message)
say("done")
over.wait()
socket.close()
context.term()
