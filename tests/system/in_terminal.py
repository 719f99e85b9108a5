"""Runs a program in a terminal of its own, sends it a signal once it has printed a text, and tells its exit status."""

import os
import pty
import signal
import sys

text, name, *argv = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(argv[0], argv)
printed = b""
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        break
    if not chunk:
        break
    before = text.encode() in printed
    printed += chunk
    if not before and text.encode() in printed:
        os.kill(child, getattr(signal, name))
print(printed.decode())
print("exit status", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
