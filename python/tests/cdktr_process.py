"""A principal as its users have it: a process of its own with a data directory, killed and started again at will."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Optional

from cdktr import Principal, Run
from programs import Program, eventually, limit_s

_note = """\
name: Note
params:
  word: {default: none}
tasks:
  note:
    name: Note
    config: !Subprocess
      cmd: sh
      args: ["-c", 'echo "$CDKTR_PARAM_WORD" >> "%s"']
"""


class CdktrProcess:
    """One principal with an agent in it. Its workflow `note` writes a line, the parameter `word`, into a file."""

    def __init__(self, executable: str, directory: Path) -> None:
        self._executable = executable
        self._directory = directory
        self._notes = directory / "notes"
        self._program: Optional[Program] = None
        self.port = 0
        (directory / "workflows").mkdir(parents=True)
        self.write_workflow("note", _note % self._notes)

    def write_workflow(self, workflow_id: str, text: str) -> None:
        """Makes a workflow file."""
        (self._directory / "workflows" / f"{workflow_id}.yml").write_text(text)

    def start(self) -> None:
        """Starts it, at the port it had before."""
        command = [self._executable, "start", "principal", "--host", "127.0.0.1", "-p", str(self.port), "--with-agent"]
        env = {
            "CDKTR_APP_DATA_DIRECTORY": str(self._directory / "kept"),
            "CDKTR_LOGS_LISTENING_PORT": "0",
            "CDKTR_LOGS_PUBLISHING_PORT": "0",
            "NO_COLOR": "1",
        }
        self._program = Program(command, env=env, cwd=self._directory)
        self.port = int(self._program.said(r"serves \d+ workflows? on 127\.0\.0\.1:(\d+)")[1])

    def kill(self) -> None:
        """Ends it as a loss of power would."""
        assert self._program is not None
        self._program.kill()

    @property
    def settings(self) -> dict[str, str]:
        """The variables by which others find it."""
        return {"CDKTR_PRINCIPAL_HOST": "127.0.0.1", "CDKTR_PRINCIPAL_PORT": str(self.port)}

    def client(self) -> Principal:
        """A client of it."""
        return Principal("127.0.0.1", self.port, total_timeout_s=limit_s)

    def completed(self, run_id: Optional[str]) -> Run:
        """Waits until a run has completed."""
        assert run_id is not None
        run = self.client().wait_run(run_id, limit_s)
        assert run.succeeded, run
        return run

    def notes(self) -> list[str]:
        """The words that were noted by now, sorted."""
        return sorted(self._notes.read_text().split()) if self._notes.exists() else []

    def noted(self, *words: str) -> None:
        """Waits until these words were noted, and checks that there was no other run, or a second one for a word."""
        eventually(f"the words {words}", lambda: len(self.notes()) >= len(words))
        assert self.run_count() == len(words)
        assert self.notes() == sorted(words)

    def run_count(self) -> int:
        """How many runs there are or were, in any state."""
        command = [self._executable, "runs", "list", "--limit", "1000", "--json"]
        env = {**os.environ, **self.settings}
        listed = subprocess.run(command, env=env, cwd=self._directory, check=True, capture_output=True, text=True)
        runs = json.loads(listed.stdout)["runs"]
        assert isinstance(runs, list)
        return len(runs)

    def __enter__(self) -> CdktrProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self._program is not None:
            self._program.stop()
