"""The same with asyncio."""

from __future__ import annotations

import asyncio

import pytest
from cdktr import AsyncEventListener, AsyncPrincipal, NotFoundError, TimedOutError, UnreachableError
from cdktr_process import CdktrProcess
from programs import free_port


def test_many_triggers_at_once_are_a_run_each(principal_process: CdktrProcess) -> None:
    words = [f"word{number}" for number in range(30)]

    async def trigger_all() -> None:
        principal = AsyncPrincipal("127.0.0.1", principal_process.port)
        results = await asyncio.gather(*(principal.run_workflow("note", {"word": word}) for word in words))
        assert all(result.success for result in results)
        runs = await asyncio.gather(*(principal.wait_run(result.run_id or "") for result in results))
        assert all(run.succeeded for run in runs)

    asyncio.run(trigger_all())
    principal_process.noted(*words)


def test_other_tasks_go_on_while_a_call_waits() -> None:
    async def wait_in_vain() -> int:
        principal = AsyncPrincipal("127.0.0.1", free_port(), reply_timeout_s=0.2, total_timeout_s=1)
        turns = 0
        call = asyncio.create_task(principal.run_workflow("note"))
        while not call.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert isinstance((await call).cause, UnreachableError)
        return turns

    assert asyncio.run(wait_in_vain()) > 20


def test_one_client_serves_several_event_loops_one_after_the_other(principal_process: CdktrProcess) -> None:
    principal = AsyncPrincipal("127.0.0.1", principal_process.port)
    for _ in range(2):
        assert asyncio.run(principal.ping()).success


def test_a_wait_can_be_cancelled_and_can_end(principal_process: CdktrProcess) -> None:
    text = "name: Long\ntasks:\n  a:\n    name: A\n    config: !Subprocess\n      cmd: sleep\n      args: ['4']\n"
    principal_process.write_workflow("long", text)

    async def wait() -> None:
        principal = AsyncPrincipal("127.0.0.1", principal_process.port)
        result = await principal.run_workflow("long")
        while isinstance(result.cause, NotFoundError):  # The principal has not read the new file yet.
            result = await principal.run_workflow("long")
        run_id = result.run_id or ""
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(principal.wait_run(run_id), 0.2)
        with pytest.raises(TimedOutError):
            await principal.wait_run(run_id, timeout_s=0.2)
        assert not (await principal.run_status(run_id)).is_final

    asyncio.run(wait())


def test_the_reads_answer_as_without_asyncio(principal_process: CdktrProcess) -> None:
    async def read_all() -> None:
        principal = AsyncPrincipal("127.0.0.1", principal_process.port)
        assert "note" in (await principal.list_workflows()).payload
        assert (await principal.get_recent_workflow_statuses()).payload == []
        assert len((await principal.get_registered_agents()).payload) == 1
        assert (await principal.query_logs()).payload == []

    asyncio.run(read_all())


def test_an_asynchronous_listener_runs_workflows(principal_process: CdktrProcess) -> None:
    class Ticks(AsyncEventListener):
        def __init__(self) -> None:
            self.principal = AsyncPrincipal("127.0.0.1", principal_process.port)

        async def start_listening(self) -> None:
            for tick in range(3):
                await asyncio.sleep(0)
                assert (await self.run_workflow("note", {"word": f"tick{tick}"})).success

    asyncio.run(Ticks().start_listening())
    principal_process.noted("tick0", "tick1", "tick2")


def test_an_asynchronous_listener_without_a_principal_takes_that_of_the_environment(
    principal_process: CdktrProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in principal_process.settings.items():
        monkeypatch.setenv(name, value)
    assert asyncio.run(AsyncEventListener().run_workflow("note", {"word": "there"})).success
    with pytest.raises(NotImplementedError):
        asyncio.run(AsyncEventListener().start_listening())
    principal_process.noted("there")
