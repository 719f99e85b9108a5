"""Listeners as the book of cdktr has them: a subclass, its principal, `run_workflow`, `.success` and `.error`."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from cdktr import CdktrError, EventListener, NotFoundError, Principal, Result
from cdktr_process import CdktrProcess


def test_a_listener_sets_its_principal_and_calls_no_constructor_of_its_base(principal_process: CdktrProcess) -> None:
    class Deliveries(EventListener):
        def __init__(self, principal_host: str = "localhost", principal_port: int = 5561) -> None:
            self.principal = Principal(host=principal_host, port=principal_port)

        def start_listening(self) -> None:
            for workflow_id in ("note", "nothing"):
                results.append(self.run_workflow(workflow_id))

    results: list[Result] = []
    Deliveries("127.0.0.1", principal_process.port).start_listening()
    assert [result.success for result in results] == [True, False]
    assert [result.error for result in results] == [None, 'There is no workflow with the id "nothing".']
    principal_process.noted("none")


def test_a_listener_may_put_something_around_run_workflow(
    principal_process: CdktrProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Counting(EventListener):
        def run_workflow(self, workflow_id: str, *arguments: Any, **options: Any) -> Result:
            asked.append(workflow_id)
            return super().run_workflow(workflow_id, *arguments, **options)

    for name, value in principal_process.settings.items():
        monkeypatch.setenv(name, value)
    listener = Counting()
    assert listener.run_workflow("note").success and asked == ["note"]
    assert listener.principal is listener.principal


def test_a_listener_of_the_book_runs_as_it_stands(principal_process: CdktrProcess) -> None:
    # Read as users type it: the override takes the workflow's id and nothing else.
    text = """
from cdktr import EventListener, Principal, Result

class MyCustomListener(EventListener):
    def run_workflow(self, workflow_id: str) -> Result:
        return super().run_workflow(workflow_id)

    def start_listening(self):
        result = self.run_workflow("note")
        assert result.success, result.error
"""
    scope: dict[str, Any] = {}
    exec(text, scope)
    listener = scope["MyCustomListener"]()
    listener.principal = Principal(host="127.0.0.1", port=principal_process.port)
    listener.start_listening()
    principal_process.noted("none")


def test_a_base_listens_to_nothing() -> None:
    with pytest.raises(NotImplementedError):
        EventListener().start_listening()


def test_a_result_shows_what_is_in_it() -> None:
    assert repr(Result(True)) == "Result(success=True)"
    assert repr(Result(True, payload=[1])) == "Result(success=True, payload=[1])"
    assert repr(Result(False, "no")) == "Result(success=False, error='no')"
    assert repr(Result(True, run_id="0198", duplicate=True)) == "Result(success=True, run_id='0198', duplicate=True)"
    Result(True).raise_for_error()


def test_an_error_tells_its_code_and_what_to_do() -> None:
    error = NotFoundError("NOT_FOUND", "There is none.", "Look elsewhere.")
    assert str(error) == "There is none. Look elsewhere. [NOT_FOUND]"
    assert isinstance(error, CdktrError) and str(CdktrError("INTERNAL", "It broke.")) == "It broke. [INTERNAL]"
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.code, copy.hint) == (NotFoundError, "NOT_FOUND", "Look elsewhere.")
