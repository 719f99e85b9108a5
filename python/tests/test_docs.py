"""Every Python snippet of the documentation runs, against a real principal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cdktr_process import CdktrProcess
from programs import limit_s, repository, source
from test_curve import client_secret, secured_port, server_public

__all__ = ["secured_port"]

_daily = """\
name: Daily
params:
  date: {default: today}
tasks:
  note:
    name: Note
    config: !Subprocess
      cmd: echo
      args: ["done"]
"""


_inbox = _daily.replace("date: {default: today}", "file: {required: true}")


def snippets(page: str) -> list[tuple[str, str]]:
    """The Python blocks of a page, each with the heading above it. Those named after a file are run by a workflow there."""
    text = (repository / page).read_text()
    found = []
    for block in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        if re.match(r"# [\w/-]+\.py\n", block[1]):
            continue
        headings = re.findall(r"^#+ (.*)$", text[: block.start()], re.MULTILINE)
        found.append((headings[-1], block[1]))
    return found


def cases() -> list[object]:
    return [
        pytest.param(page, code, id=f"{page}-{number}-{heading}".replace(" ", "-"))
        for page in ("docs/python.md", "docs/recipes.md", "python/README.md")
        for number, (heading, code) in enumerate(snippets(page), start=1)
    ]


def test_the_pages_have_snippets() -> None:
    assert len(snippets("docs/python.md")) >= 6 and len(snippets("python/README.md")) >= 1


@pytest.mark.parametrize(("page", "code"), cases())
def test_a_snippet_runs(
    page: str, code: str, principal_process: CdktrProcess, secured_port: int, tmp_path: Path
) -> None:
    directory = tmp_path / "snippet"
    directory.mkdir()
    (directory / "server.key").write_text(f"{server_public.decode()}\n")
    (directory / "client.secret").write_text(f"{client_secret.decode()}\n")
    (directory / "snippet.py").write_text(code)
    principal_process.write_workflow("etl.daily", _daily)
    principal_process.write_workflow("inbox", _inbox)
    client = principal_process.client()
    while not {"etl.daily", "inbox"} <= set(client.list_workflows().payload):
        pass  # The principal has not read the new file yet.
    # A snippet that gives keys is to meet a server that wants them.
    port = str(secured_port if "Curve(" in code else principal_process.port)
    env = {**os.environ, **principal_process.settings, "CDKTR_PRINCIPAL_PORT": port, "PYTHONPATH": str(source)}
    command = [sys.executable, "snippet.py"]
    ended = subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, timeout=limit_s)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    # What a snippet says it prints, it prints.
    promised = re.findall(r"print\(.*\)  # (.*)$", code, re.MULTILINE)
    assert [line for line in promised if line not in ended.stdout] == [], ended.stdout
