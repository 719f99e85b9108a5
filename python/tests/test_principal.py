"""A client and a principal of this version."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Union

import pytest
from cdktr import NotFoundError, Principal, RefusedError, Result, TimedOutError
from cdktr_process import CdktrProcess


def test_a_workflow_runs_with_its_parameters(principal_process: CdktrProcess) -> None:
    result = principal_process.client().run_workflow("note", {"word": "hello"}, reason="a test asked for it")
    assert result.success and result.error is None
    run = principal_process.completed(result.run_id)
    assert (run.workflow_id, run.params, run.attempt) == ("note", {"word": "hello"}, 1)
    assert run.finished_at_ms is not None and run.finished_at_ms >= run.triggered_at_ms
    principal_process.noted("hello")


def test_parameters_become_text(principal_process: CdktrProcess) -> None:
    client = principal_process.client()
    cases: list[tuple[Union[str, float, bool], str]] = [(True, "true"), (7, "7"), (1.5, "1.5"), ("\u00e4", "\u00e4")]
    for value, text in cases:
        run_id = client.run_workflow("note", {"word": value}).run_id
        assert principal_process.completed(run_id).params == {"word": text}


def test_what_cannot_run_is_told_without_an_exception(principal_process: CdktrProcess) -> None:
    client = principal_process.client()
    unknown = client.run_workflow("nothing")
    assert not unknown.success and unknown.error == 'There is no workflow with the id "nothing".'
    assert isinstance(unknown.cause, NotFoundError) and unknown.cause.code == "NOT_FOUND" and unknown.cause.hint
    with pytest.raises(NotFoundError):
        unknown.raise_for_error()

    unfit = client.run_workflow("note", {"words": "hello"})
    assert isinstance(unfit.cause, RefusedError) and unfit.cause.code == "INVALID_PARAMETERS"
    assert principal_process.run_count() == 0


def test_two_calls_with_one_key_are_one_run(principal_process: CdktrProcess) -> None:
    client = principal_process.client()
    first, second = (client.run_workflow("note", {"word": "once"}, idempotency_key="delivery-1") for _ in range(2))
    assert first.run_id == second.run_id
    assert (first.duplicate, second.duplicate) == (False, True)
    principal_process.noted("once")


def test_a_trigger_that_an_overlap_policy_skips_says_why(principal_process: CdktrProcess) -> None:
    task = "  a:\n    name: A\n    config: !Subprocess\n      cmd: sleep\n      args: ['4']\n"
    text = f"name: Long\noverlap: skip\ntasks:\n{task}"
    principal_process.write_workflow("long", text)
    client = principal_process.client()

    def known() -> Result:
        return client.run_workflow("long")

    first = known()
    while isinstance(first.cause, NotFoundError):  # The principal has not read the new file yet.
        first = known()
    second = known()
    assert second.success and second.run_id == first.run_id
    assert second.skipped is not None and "overlap policy" in second.skipped
    assert first.run_id is not None
    with pytest.raises(TimedOutError, match="had not ended"):
        client.wait_run(first.run_id, timeout_s=0.2)
    assert client.run_status(first.run_id).is_final is False


def test_the_calls_of_the_original_library_answer_as_there(principal_process: CdktrProcess) -> None:
    client = Principal(host="127.0.0.1", port=principal_process.port)
    assert client.ping() == Result(success=True)
    workflows = client.list_workflows()
    assert workflows.success and workflows.payload["note"]["name"] == "Note"
    run_id = client.run_workflow("note", {"word": "hello"}).run_id
    principal_process.completed(run_id)
    statuses = client.get_recent_workflow_statuses().payload
    assert [(one["workflow_id"], one["status"]) for one in statuses] == [("note", "COMPLETED")]
    assert [agent["running_tasks"] for agent in client.get_registered_agents().payload] == [0]
    assert client.query_logs(0, 1, "it's no id", None, verbose=True) == Result(True, payload=[])


def test_a_run_is_found_by_the_beginning_of_its_id(principal_process: CdktrProcess) -> None:
    client = principal_process.client()
    run_id = client.run_workflow("note").run_id
    assert run_id is not None
    assert client.run_status(run_id[:20]).run_id == run_id
    with pytest.raises(NotFoundError):
        client.run_status("0000")
    with pytest.raises(NotFoundError):
        client.wait_run("0000")


def test_threads_share_a_client(principal_process: CdktrProcess) -> None:
    client = principal_process.client()
    results: list[Result] = []
    words = [f"word{number}" for number in range(20)]
    threads = [
        threading.Thread(target=lambda word=word: results.append(client.run_workflow("note", {"word": word})))
        for word in words
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result.success for result in results) and len({result.run_id for result in results}) == 20
    principal_process.noted(*words)


def test_a_process_that_was_forked_may_use_the_client(principal_process: CdktrProcess) -> None:
    client = principal_process.client()
    assert client.ping().success
    child = os.fork()
    if child == 0:
        os._exit(0 if client.ping().success else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client.ping().success


def test_a_client_without_arguments_finds_the_principal_of_the_environment(
    principal_process: CdktrProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in principal_process.settings.items():
        monkeypatch.setenv(name, value)
    assert Principal().ping().success
    assert repr(Principal()) == f"Principal(host='127.0.0.1', port={principal_process.port})"
