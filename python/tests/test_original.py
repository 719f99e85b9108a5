"""A client and an original principal: a stand-in that has the faults of the original on demand."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cdktr import AsyncPrincipal, Principal, RefusedError, UncertainError, UnreachableError, UnsupportedError
from programs import Program, repository


class Original:
    """The stand-in, in a process of its own."""

    def __init__(self, **setup: Any) -> None:
        command = [sys.executable, "-u", str(repository / "tests" / "interop" / "original_principal.py")]
        self.program = Program([*command, json.dumps({"documents": [], **setup})])
        self.port = int(self.program.said(r'"event": "ready", "port": (\d+)')[1])

    def client(self, **options: Any) -> Principal:
        return Principal("127.0.0.1", self.port, **options)

    def events(self, what: str) -> list[dict[str, Any]]:
        told = [json.loads(line) for line in self.program.output.splitlines()]
        return [one for one in told if one.get("what") == what or one["event"] == what]

    def requests(self, count: int) -> list[str]:
        """All it was asked: waits until it told of so many requests, and checks that there were no more."""
        self.program.said('"what": "request"', times=count)
        asked = [one["text"] for one in self.events("request")]
        assert len(asked) == count, asked
        return asked

    def verbs(self, count: int) -> list[str]:
        return [request.split("\x01")[0] for request in self.requests(count)]


@pytest.fixture
def originals() -> Iterator[list[Original]]:
    """Stand-ins that a test starts. Their end is checked: none may have been given a reason to end itself."""
    started: list[Original] = []
    yield started
    for one in started:
        one.program.stop()
        one.program.ended()
        assert [line for line in one.program.output.splitlines() if "fatal" in line] == []


def test_a_workflow_runs_and_tells_no_id(originals: list[Original]) -> None:
    originals.append(original := Original())
    client = original.client()
    for _ in range(2):
        result = client.run_workflow("etl.daily", idempotency_key="a key is no hindrance")
        assert result.success and result.run_id is None
    hello, *runs = original.requests(3)
    assert hello.startswith("HELLO\x01") and runs == ["RUNTASK\x01etl.daily"] * 2
    # Each request came on a connection of its own, which the client ended in good order.
    original.program.said('"what": "closed"', times=3)
    assert [(one["how"], one["requests"]) for one in original.events("closed")] == [("fin", 1)] * 3


def test_a_workflow_runs_with_asyncio_one_request_at_a_time(originals: list[Original]) -> None:
    originals.append(original := Original(delaysMs={"RUNTASK": [50] * 10}))

    async def trigger_all() -> None:
        principal = AsyncPrincipal("127.0.0.1", original.port)
        results = await asyncio.gather(*(principal.run_workflow("etl.daily") for _ in range(10)))
        assert all(result.success for result in results)

    asyncio.run(trigger_all())
    assert original.verbs(11) == ["HELLO"] + ["RUNTASK"] * 10
    assert {one["behind"] for one in original.events("request")} == {0}


def test_threads_ask_one_after_the_other(originals: list[Original]) -> None:
    originals.append(original := Original(refreshMs=20, delaysMs={"RUNTASK": [50] * 10}))
    client = original.client()
    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(client.run_workflow, ["etl.daily"] * 10))
    assert all(result.success for result in results)
    # Ten first calls at once need to know who is there, and only one asks.
    assert original.verbs(11) == ["HELLO"] + ["RUNTASK"] * 10


def test_a_trigger_whose_answer_is_lost_is_not_sent_again(originals: list[Original]) -> None:
    originals.append(original := Original(lost={"RUNTASK": 1}))
    result = original.client(reply_timeout_s=0.5).run_workflow("etl.daily")
    assert isinstance(result.cause, UncertainError) and "may have taken" in (result.cause.hint or "")
    assert original.verbs(2) == ["HELLO", "RUNTASK"]


def test_what_only_reads_is_asked_again(originals: list[Original]) -> None:
    originals.append(
        original := Original(lost={"HELLO": 1, "LSWORKFLOWS": 1}, replies={"LSWORKFLOWS": "SUCCESS\x01{}"})
    )
    client = original.client(reply_timeout_s=0.5)
    assert client.run_workflow("etl.daily").success
    assert client.list_workflows().payload == {}
    assert original.verbs(5) == ["HELLO", "HELLO", "RUNTASK", "LSWORKFLOWS", "LSWORKFLOWS"]


def test_what_it_cannot_do_is_told_and_not_tried(originals: list[Original]) -> None:
    originals.append(original := Original())
    client = original.client()
    with_params = client.run_workflow("etl.daily", {"date": "2026-03-01"})
    assert isinstance(with_params.cause, UnsupportedError) and "knows no parameters" in (with_params.error or "")
    with pytest.raises(UnsupportedError, match="does not know WAITRUN"):
        client.wait_run("0198")
    assert isinstance(client.query_logs(workflow_id="it's").cause, RefusedError)
    assert isinstance(client.run_workflow("two\x01arguments").cause, RefusedError)
    # It is asked anew who it is after each thing that it turned out not to know.
    assert set(original.verbs(3)) == {"HELLO"}


def test_its_words_for_an_unknown_workflow_and_for_a_failure_become_errors(originals: list[Original]) -> None:
    replies = {"QUERYLOGS": "SERVERERROR\x01Failed to read logs from db: no", "GETRECENTSTATUSES": "SUCCESS\x01[]"}
    unknown = "CLIENTERROR\x01No workflow exists with id etl.weekly"
    originals.append(original := Original(replies=replies, errors={"RUNTASK": [unknown]}))
    client = original.client(reply_timeout_s=0.5, total_timeout_s=0.5)
    result = client.run_workflow("etl.weekly")
    assert (result.error, result.cause and result.cause.code) == ("No workflow exists with id etl.weekly", "NOT_FOUND")
    assert client.query_logs().error == "Failed to read logs from db: no"
    assert client.get_recent_workflow_statuses().payload == []
    assert client.ping().success


def test_one_that_went_away_had_nothing_sent(originals: list[Original]) -> None:
    originals.append(original := Original())
    client = original.client(reply_timeout_s=0.3, total_timeout_s=1)
    assert client.run_workflow("etl.daily").success
    original.program.stop()
    assert isinstance(client.run_workflow("etl.daily").cause, UnreachableError)
