"""One end of one measurement with libzmq through pyzmq. Arguments as in deno_peers.ts, without the kind."""

import os
import sys
import time

import zmq

BODY = b"x" * 120
IN_FLIGHT = 64
WARM_UP_SECONDS = 0.2

end, work, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
context = zmq.Context()


def open_socket(kind):
    socket = context.socket(kind)
    if end == "bind":
        print(socket.bind_to_random_port("tcp://127.0.0.1"), flush=True)
    else:
        socket.connect(f"tcp://127.0.0.1:{sys.argv[4]}")
    return socket


def echo():
    socket = open_socket(zmq.ROUTER)
    while True:
        socket.send_multipart(socket.recv_multipart(copy=True))


def ask(count):
    socket = open_socket(zmq.DEALER)
    request = [b"", BODY]
    for _ in range(count):
        socket.send_multipart(request)
    done, start, measured_from = 0, time.perf_counter(), None
    while True:
        socket.recv_multipart()
        socket.send_multipart(request)
        done += 1
        if count > 1 and done % IN_FLIGHT:
            continue
        now = time.perf_counter()
        if measured_from is None and now - start > WARM_UP_SECONDS:
            measured_from, done = now, 0
        elif measured_from is not None and now - measured_from > seconds:
            print(done / (now - measured_from), flush=True)
            os._exit(0)


def take():
    socket = open_socket(zmq.PULL)
    count, start = 0, None
    while True:
        body = socket.recv()
        start = start or time.perf_counter()
        count += 1
        if not body:
            print(count / (time.perf_counter() - start), flush=True)
            os._exit(0)


def give():
    socket = open_socket(zmq.PUSH)
    start = time.perf_counter()
    while time.perf_counter() - start < seconds + WARM_UP_SECONDS:
        for _ in range(256):
            socket.send(BODY)
    socket.send(b"")
    socket.close()
    context.term()


if work == "stream":
    take() if end == "bind" else give()
elif end == "bind":
    echo()
else:
    ask(1 if work == "one" else IN_FLIGHT)
