"""Programs that a test starts: their output is watched, they listen on free ports, and they end with the test."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Callable, Optional

# What no step of these tests takes, on a busy machine. A wait that takes longer has failed.
limit_s = 60.0

source = Path(__file__).parent.parent / "src"
examples = Path(__file__).parent.parent / "examples"
repository = Path(__file__).parent.parent.parent


class Missing(Exception):
    """A program that this machine does not have."""


class Program:
    """A process, in a group of its own, and all it wrote on stdout and stderr."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Optional[Mapping[str, str]] = None,
        cwd: Optional[Path] = None,
        user: Optional[str] = None,
    ) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CDKTR_")}
        self._command = " ".join(command)
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._has_closed = False
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**inherited, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            user=user,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._news:
                self._lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._has_closed = True
            self._news.notify_all()

    @property
    def output(self) -> str:
        """All it wrote so far."""
        with self._news:
            return "\n".join(self._lines)

    def said(self, pattern: str, times: int = 1) -> re.Match[str]:
        """Waits until it wrote so many lines that match, and returns the last of them."""
        deadline_s = time.monotonic() + limit_s
        with self._news:
            while True:
                found = [match for match in (re.search(pattern, line) for line in self._lines) if match]
                if len(found) >= times:
                    return found[times - 1]
                left_s = deadline_s - time.monotonic()
                if self._has_closed or left_s <= 0:
                    text = "\n".join(self._lines)
                    raise AssertionError(f"{self._command} was to say {pattern!r} {times} times and wrote:\n{text}")
                self._news.wait(left_s)

    def ended(self) -> int:
        """Waits for its end, and returns its exit code."""
        code = self._process.wait(limit_s)
        self._reader.join(limit_s)
        return code

    def kill(self) -> None:
        """Ends it, and all it started, at once."""
        self._signal(signal.SIGKILL)
        self._process.wait(limit_s)

    def stop(self) -> None:
        """Ends it in good order, by force if that takes long."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def run_example(name: str, *arguments: str, env: Mapping[str, str]) -> Program:
    """Starts a program of examples/."""
    return Program([sys.executable, "-u", str(examples / name), *arguments], env={**env, "PYTHONPATH": str(source)})


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(what: str, look: Callable[[], bool]) -> None:
    """Looks again and again until it is so, for what cannot be waited for otherwise."""
    deadline_s = time.monotonic() + limit_s
    while not look():
        assert time.monotonic() < deadline_s, f"waited in vain for {what}"
        time.sleep(0.05)
