"""A principal that is away, comes back, or is killed between the run and its answer."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cable import Cable
from cdktr import AsyncPrincipal, Backoff, Principal, TimedOutError, UnreachableError
from cdktr_process import CdktrProcess
from programs import free_port, limit_s


def test_a_principal_that_is_killed_before_it_answers_runs_the_workflow_once(principal_process: CdktrProcess) -> None:
    cable = Cable(principal_process.port)
    client = Principal("127.0.0.1", cable.port, reply_timeout_s=1, total_timeout_s=limit_s)
    assert client.ping().success
    cable.swallow_the_next_reply_to("RUN")
    with ThreadPoolExecutor() as pool:
        call = pool.submit(client.run_workflow, "note", {"word": "once"})
        # The run is on disk, and its answer does not arrive.
        assert cable.has_swallowed.wait(limit_s)
        principal_process.kill()
        principal_process.start()
        result = call.result(limit_s)
    assert result.success and result.duplicate
    cable.close()
    assert principal_process.run_count() == 1


def test_a_lost_answer_is_asked_for_again_without_a_second_run(principal_process: CdktrProcess) -> None:
    cable = Cable(principal_process.port)
    cable.swallow_the_next_reply_to("RUN")
    principal = AsyncPrincipal("127.0.0.1", cable.port, reply_timeout_s=0.5, total_timeout_s=limit_s)
    result = asyncio.run(principal.run_workflow("note", {"word": "once"}))
    assert result.success and result.duplicate and cable.has_swallowed.is_set()
    principal_process.completed(result.run_id)
    cable.close()
    principal_process.noted("once")


def test_a_trigger_waits_for_a_principal_that_is_away(principal_process: CdktrProcess) -> None:
    client = Principal("127.0.0.1", principal_process.port, reply_timeout_s=0.5, total_timeout_s=None)
    assert client.ping().success
    principal_process.kill()
    with ThreadPoolExecutor() as pool:
        call = pool.submit(client.run_workflow, "note", {"word": "late"})
        principal_process.start()
        result = call.result(limit_s)
    principal_process.completed(result.run_id)
    principal_process.noted("late")


def test_a_wait_for_a_run_outlasts_a_restart(principal_process: CdktrProcess) -> None:
    client = Principal("127.0.0.1", principal_process.port, reply_timeout_s=0.5, total_timeout_s=limit_s)
    run_id = client.run_workflow("note", {"word": "again"}).run_id
    assert run_id is not None
    principal_process.completed(run_id)
    principal_process.kill()
    with ThreadPoolExecutor() as pool:
        call = pool.submit(client.wait_run, run_id)
        principal_process.start()
        assert call.result(limit_s).succeeded


def test_tries_end_with_the_total_timeout() -> None:
    client = Principal("127.0.0.1", free_port(), reply_timeout_s=0.2, total_timeout_s=1)
    started_s = time.monotonic()
    result = client.run_workflow("note")
    assert 0.5 < time.monotonic() - started_s < 3
    assert isinstance(result.cause, UnreachableError) and "does not answer" in result.cause.message
    with pytest.raises(UnreachableError):
        client.run_status("0198")
    with pytest.raises(UnreachableError):
        client.wait_run("0198")


def test_whoever_listens_and_says_nothing_is_no_principal() -> None:
    silent = Cable(free_port())  # Nobody is at its other end.
    client = Principal("127.0.0.1", silent.port, reply_timeout_s=0.2, total_timeout_s=0.5)
    assert isinstance(client.ping().cause, UnreachableError)
    silent.close()


def test_a_ping_is_asked_once() -> None:
    client = Principal("127.0.0.1", free_port(), reply_timeout_s=0.3, total_timeout_s=None)
    assert isinstance(client.ping().cause, (UnreachableError, TimedOutError))


def test_pauses_double_up_to_a_limit_and_differ_between_clients() -> None:
    longest = Backoff(first_s=1, limit_s=5, random_unit=lambda: 0.0)
    assert [longest.next_s() for _ in range(5)] == [1, 2, 4, 5, 5]
    longest.reset()
    assert longest.next_s() == 1
    shortest = Backoff(first_s=1, limit_s=5, random_unit=lambda: 0.999)
    assert 0.5 < shortest.next_s() < 0.51
    assert len({Backoff(first_s=1).next_s() for _ in range(20)}) > 10


def test_no_thread_or_socket_is_left_by_calls_that_failed(principal_process: CdktrProcess) -> None:
    client = Principal("127.0.0.1", free_port(), reply_timeout_s=0.05, total_timeout_s=0.1)
    client.ping()
    before = threading.active_count()
    for _ in range(30):
        assert not client.ping().success
    assert threading.active_count() == before
