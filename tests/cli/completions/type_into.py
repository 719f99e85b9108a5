"""Runs a shell in a terminal, types into it once it shows its prompt, and lets it go on to its end."""

import os
import pty
import sys

prompt, typed, *argv = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(argv[0], argv)
printed = b""
left = typed.encode().decode("unicode_escape").encode()
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        break
    if not chunk:
        break
    printed += chunk
    if left and prompt.encode() in printed:
        os.write(terminal, left)
        left = b""
os.waitpid(child, 0)
print(printed.decode(errors="replace"))
