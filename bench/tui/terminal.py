"""A terminal of 120 columns and 40 rows with a program in it: counts what the program writes, keeps the screen, presses
keys and takes the time until the screen shows what the key does.

Each line on standard input is a request as JSON, answered with one line. The clock of all times is this process's own, so
that no other process stands between a key and its frame.

    start  command, cwd, env       begins the program                        -> pid
    wait   pattern                 until the screen matches                  -> ms since the program began
    press  keys, watch             until what `watch` finds has changed      -> ms since the key
    send   keys                    presses keys and waits for nothing        -> {}
    count                                                                    -> bytes and chunks so far
    screen                                                                   -> its rows
    end                            ends the program                          -> its exit code

`watch` is a pattern with a group; what the group matches on the screen, rows joined by newlines, is compared.
"""
import codecs
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

COLUMNS, ROWS = 120, 40
TIMEOUT_SECONDS = 20
# Control sequences (ECMA-48 5.4), operating system commands, other escape sequences, and single control characters.
TOKEN = re.compile(r"\x1b\[([0-?]*)([ -/]*[@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x1f]|[^\x00-\x1f]+")
UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*)?$")


class Screen:
    """The cells of the screen; every character takes one. It knows what Ink writes and stops at anything else."""

    def __init__(self):
        self.codec = codecs.getincrementaldecoder("utf-8")()
        self.rest = ""
        self.clear()
        self.row = self.column = 0

    def clear(self):
        self.rows = [[" "] * COLUMNS for _ in range(ROWS)]

    def feed(self, chunk):
        text = self.rest + self.codec.decode(chunk)
        unfinished = UNFINISHED.search(text)
        self.rest = text[unfinished.start():] if unfinished else ""
        for token in TOKEN.finditer(text[:len(text) - len(self.rest)]):
            piece = token.group()
            if piece[0] >= " ":
                self.print(piece)
            elif token.group(2) is not None:
                self.control(token.group(1), token.group(2))
            elif piece == "\n":
                self.line_feed()
            elif piece == "\r":
                self.column = 0

    def print(self, text):
        for character in text:
            if self.column == COLUMNS:
                self.column = 0
                self.line_feed()
            self.rows[self.row][self.column] = character
            self.column += 1

    def line_feed(self):
        # The line discipline has put a carriage return before it.
        if self.row == ROWS - 1:
            self.rows = self.rows[1:] + [[" "] * COLUMNS]
        else:
            self.row += 1

    def control(self, parameters, final):
        if final == "m" or final in "hl" or parameters[:1] in ("?", ">", "=", "<"):
            return
        numbers = [int(number) if number else 0 for number in parameters.split(";")]
        count = max(numbers[0], 1)
        if final == "A":
            self.row = max(self.row - count, 0)
        elif final == "B":
            self.row = min(self.row + count, ROWS - 1)
        elif final == "C":
            self.column = min(self.column + count, COLUMNS - 1)
        elif final == "D":
            self.column = max(self.column - count, 0)
        elif final == "E":
            self.row, self.column = min(self.row + count, ROWS - 1), 0
        elif final == "F":
            self.row, self.column = max(self.row - count, 0), 0
        elif final == "G":
            self.column = min(count, COLUMNS) - 1
        elif final == "H":
            self.row = min(count, ROWS) - 1
            self.column = min(max(numbers[1], 1), COLUMNS) - 1 if len(numbers) > 1 else 0
        elif final == "J" and numbers[0] == 0:
            self.erase(self.column, COLUMNS)
            for row in range(self.row + 1, ROWS):
                self.rows[row] = [" "] * COLUMNS
        elif final == "J":
            self.clear()
        elif final == "K":
            first, last = [(self.column, COLUMNS), (0, self.column + 1), (0, COLUMNS)][numbers[0]]
            self.erase(first, last)
        else:
            raise ValueError(f"a control sequence that is not known here: {parameters}{final}")

    def erase(self, first, last):
        self.rows[self.row][first:last] = [" "] * (last - first)

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.rows)


class Terminal:
    def __init__(self):
        self.screen = Screen()
        self.bytes = self.chunks = 0
        self.is_open = False

    def start(self, command, cwd, env):
        self.began = time.monotonic()
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            # The size is there before the program asks for it.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.chdir(cwd)
            os.execvpe(command[0], command, env)
        self.is_open = True
        return {"pid": self.pid}

    def read(self):
        """Takes what has come; when it had come."""
        try:
            chunk = os.read(self.file, 65536)
        except OSError:  # The program has ended.
            chunk = b""
        now = time.monotonic()
        self.is_open = chunk != b""
        self.bytes += len(chunk)
        self.chunks += 1
        self.screen.feed(chunk)
        return now

    def until(self, is_so):
        if is_so():
            return time.monotonic()
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while self.is_open and select.select([self.file], [], [], max(deadline - time.monotonic(), 0))[0]:
            now = self.read()
            if is_so():
                return now
        raise TimeoutError(f"the screen stayed like this:\n{self.screen.text()}")

    def wait(self, pattern):
        expected = re.compile(pattern, re.MULTILINE)
        return {"ms": (self.until(lambda: expected.search(self.screen.text())) - self.began) * 1000}

    def press(self, keys, watch):
        watched = re.compile(watch, re.MULTILINE)

        def found():
            match = watched.search(self.screen.text())
            return match.group(1) if match else None

        while select.select([self.file], [], [], 0)[0]:
            self.read()
        before = found()
        pressed = time.monotonic()
        os.write(self.file, keys.encode())
        return {"ms": (self.until(lambda: found() != before) - pressed) * 1000}

    def send(self, keys):
        os.write(self.file, keys.encode())
        return {}

    def count(self):
        return {"bytes": self.bytes, "chunks": self.chunks}

    def show(self):
        return {"rows": self.screen.text().split("\n")}

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        while self.is_open:
            self.read()
        return {"code": os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])}


def main():
    terminal = Terminal()
    works = {
        "start": terminal.start,
        "wait": terminal.wait,
        "press": terminal.press,
        "send": terminal.send,
        "count": terminal.count,
        "screen": terminal.show,
        "end": terminal.end,
    }
    requests = b""
    try:
        while True:
            sources = [0, terminal.file] if terminal.is_open else [0]
            ready = select.select(sources, [], [])[0]
            if len(ready) > 1 or ready[0] != 0:
                terminal.read()
            if 0 not in ready:
                continue
            taken = os.read(0, 65536)
            if taken == b"":
                break
            requests += taken
            *lines, requests = requests.split(b"\n")
            for line in lines:
                request = json.loads(line)
                try:
                    answer = works[request.pop("do")](**request)
                except (TimeoutError, ValueError, OSError) as error:
                    answer = {"error": str(error)}
                print(json.dumps(answer), flush=True)
    finally:
        if terminal.is_open:
            os.kill(terminal.pid, signal.SIGKILL)


main()
