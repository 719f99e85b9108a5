"""The webhook example over real HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, Optional

import pytest
from cdktr_process import CdktrProcess
from programs import Program, free_port, run_example
from servers import listens


class Webhook:
    """The running example."""

    def __init__(self, principal: CdktrProcess, **env: str) -> None:
        self._port = free_port()
        self.program = run_example("webhook.py", "--port", str(self._port), env={**principal.settings, **env})
        self.program.said("Running on http")
        assert listens(self._port)

    def post(self, workflow_id: str, body: Optional[bytes] = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """Sends one request; returns the status and the body of the answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/trigger/{workflow_id}", body or b"", method="POST"
        )
        request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    started: list[Program] = []
    yield started
    for program in started:
        program.stop()


def test_a_post_runs_the_workflow_and_a_delivery_that_is_repeated_runs_it_once(
    principal_process: CdktrProcess, programs: list[Program]
) -> None:
    webhook = Webhook(principal_process)
    programs.append(webhook.program)
    body = json.dumps({"params": {"word": "posted"}}).encode()
    answers = [webhook.post("note", body, Idempotency_Key="delivery-1") for _ in range(2)]
    assert [status for status, _ in answers] == [200, 200]
    assert (answers[0][1]["status"], answers[0][1]["workflow"]) == ("triggered", "note")
    assert answers[0][1]["run"] == answers[1][1]["run"]
    assert webhook.post("note")[0] == 200
    principal_process.noted("posted", "none")


def test_a_request_that_cannot_succeed_is_told_from_one_that_may_later(
    principal_process: CdktrProcess, programs: list[Program]
) -> None:
    webhook = Webhook(principal_process)
    programs.append(webhook.program)
    assert webhook.post("nothing") == (
        404,
        {"status": "failed", "error": 'There is no workflow with the id "nothing".'},
    )
    assert webhook.post("note", b"no json")[0] == 400
    assert webhook.post("note", b'{"params": {"words": 1}}')[0] == 400
    principal_process.kill()
    status, answer = webhook.post("note")
    assert (status, answer["status"]) == (503, "failed") and "does not answer" in answer["error"]
    principal_process.start()
    assert webhook.post("note")[0] == 200
    principal_process.noted("none")


def test_with_a_token_only_requests_that_carry_it_run_something(
    principal_process: CdktrProcess, programs: list[Program]
) -> None:
    webhook = Webhook(principal_process, CDKTR_WEBHOOK_TOKEN="open sesame")
    programs.append(webhook.program)
    assert webhook.post("note")[0] == 401
    assert webhook.post("note", Authorization="Bearer open")[0] == 401
    assert webhook.post("note", Authorization="Bearer open sesame")[0] == 200
    principal_process.noted("none")
