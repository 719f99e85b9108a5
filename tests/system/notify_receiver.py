"""A service manager's side of sd_notify(3): prints each datagram as a line of JSON, with the time on the monotonic clock."""

import json
import os
import socket
import sys
import time

name = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind("\0" + name[1:] if name.startswith("@") else name)
print(json.dumps({"usec": 0, "text": "bound"}), flush=True)
while True:
    text = receiver.recv(65536).decode()
    print(json.dumps({"usec": time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000, "text": text}), flush=True)
