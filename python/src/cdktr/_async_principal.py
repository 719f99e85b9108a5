"""The principal, for programs of asyncio."""

from __future__ import annotations

import asyncio
import time
from typing import Optional

import zmq
import zmq.asyncio

from ._conversation import Conversation, Params
from ._curve import Curve
from ._errors import CdktrError
from ._result import Result
from ._run import Run
from ._settings import default_total_timeout_s, read_settings
from ._socket import busy, make_ready, no_socket, timed_out, unreachable
from ._steps import Ask, Steps, T


class AsyncPrincipal:
    """As `Principal`, with methods to await. Tasks of one event loop may share it. Nothing has to be closed."""

    def __init__(
        self,
        host: Optional[str] = None,
        port: Optional[int] = None,
        *,
        reply_timeout_s: Optional[float] = None,
        total_timeout_s: Optional[float] = default_total_timeout_s,
        curve: Optional[Curve] = None,
    ) -> None:
        self._settings = read_settings(host, port, reply_timeout_s, total_timeout_s, curve)
        self._conversation = Conversation(self._settings)
        # Belongs to the event loop of its first use, which is not known yet.
        self._alone: Optional[tuple[asyncio.AbstractEventLoop, asyncio.Lock]] = None

    async def run_workflow(
        self,
        workflow_id: str,
        params: Optional[Params] = None,
        *,
        idempotency_key: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> Result:
        """Has a workflow run; successful once the run cannot be lost any more.

        Tries again while the principal is away, and never starts a run twice by that. Two calls with the same
        `idempotency_key` within a day are one run. `reason` is kept with the run.
        """
        return await self._drive(self._conversation.run_workflow(workflow_id, params, idempotency_key, reason))

    async def ping(self) -> Result:
        """Whether the principal answers. Asks once."""
        return await self._drive(self._conversation.ping())

    async def list_workflows(self) -> Result:
        """`payload`: a dict from workflow id to its document."""
        return await self._drive(self._conversation.read("LSWORKFLOWS"))

    async def query_logs(
        self,
        start_timestamp_ms: Optional[int] = None,
        end_timestamp_ms: Optional[int] = None,
        workflow_id: Optional[str] = None,
        workflow_instance_id: Optional[str] = None,
        verbose: bool = False,
    ) -> Result:
        """`payload`: a list of formatted lines, from a day before the end up to now if no times are given."""
        start, end = ("" if ms is None else str(ms) for ms in (start_timestamp_ms, end_timestamp_ms))
        filters = (workflow_id or "", workflow_instance_id or "", "v" if verbose else "")
        return await self._drive(self._conversation.read("QUERYLOGS", end, start, *filters))

    async def get_recent_workflow_statuses(self) -> Result:
        """`payload`: a list of dicts, the newest status of each of up to ten workflows."""
        return await self._drive(self._conversation.read("GETRECENTSTATUSES"))

    async def get_registered_agents(self) -> Result:
        """`payload`: a list of dicts, one an agent."""
        return await self._drive(self._conversation.read("GETREGISTEREDAGENTS"))

    async def run_status(self, run_id: str) -> Run:
        """A run as it is now, by its id or a unique beginning of it.

        Raises `NotFoundError`, `RefusedError` if the beginning is not unique, and what any call raises.
        """
        return await self._drive(self._conversation.run_status(run_id))

    async def wait_run(self, run_id: str, timeout_s: Optional[float] = None) -> Run:
        """Waits until a run has ended, through restarts of the principal no longer than the total timeout.

        Raises `TimedOutError` after `timeout_s`, and as `run_status`.
        """
        return await self._drive(self._conversation.wait_run(run_id, timeout_s))

    async def _drive(self, steps: Steps[T]) -> T:
        try:
            step = next(steps)
            while True:
                try:
                    reply = b""
                    if isinstance(step, Ask):
                        reply = await self._ask(step)
                    else:
                        await asyncio.sleep(step.duration_s)
                except CdktrError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(reply)
        except StopIteration as end:
            value: T = end.value
            return value

    async def _ask(self, ask: Ask) -> bytes:
        if not ask.alone:
            return await self._exchange(ask)
        lock = self._lock()
        try:
            await asyncio.wait_for(lock.acquire(), ask.timeout_s)
        except asyncio.TimeoutError:
            raise busy(self._settings) from None
        try:
            return b"" if ask.is_needless() else await self._exchange(ask)
        finally:
            lock.release()

    def _lock(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if self._alone is None or self._alone[0] is not loop:
            self._alone = (loop, asyncio.Lock())
        return self._alone[1]

    async def _exchange(self, ask: Ask) -> bytes:
        try:
            socket = zmq.asyncio.Context.instance().socket(zmq.REQ)
        except zmq.ZMQError as cause:
            raise no_socket(cause) from cause
        deadline_s = time.monotonic() + ask.timeout_s
        with socket:
            make_ready(socket, self._settings)
            if not await _happens(socket, zmq.POLLOUT, deadline_s):
                raise unreachable(self._settings)
            await socket.send(ask.body)
            if not await _happens(socket, zmq.POLLIN, deadline_s + ask.held_s):
                raise timed_out(self._settings, ask.timeout_s + ask.held_s)
            return b"".join(await socket.recv_multipart())

    def __repr__(self) -> str:
        return f"AsyncPrincipal(host={self._settings.host!r}, port={self._settings.port})"


async def _happens(socket: zmq.asyncio.Socket, event: int, deadline_s: float) -> bool:
    poller = zmq.asyncio.Poller()
    poller.register(socket, event)
    return bool(await poller.poll(max(0, round((deadline_s - time.monotonic()) * 1_000))))
