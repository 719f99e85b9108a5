"""The principal, for programs that wait for each answer."""

from __future__ import annotations

import os
import threading
import time
from typing import Optional

import zmq

from ._conversation import Conversation, Params
from ._curve import Curve
from ._errors import CdktrError
from ._result import Result
from ._run import Run
from ._settings import default_total_timeout_s, read_settings
from ._socket import busy, make_ready, no_socket, timed_out, unreachable
from ._steps import Ask, Steps, T


class Principal:
    """A client of one principal, ours or an original one. Threads may share it. Nothing has to be closed.

    `host` and `port`: where it is; else CDKTR_PRINCIPAL_HOST and CDKTR_PRINCIPAL_PORT, else localhost and 5561.
    `reply_timeout_s`: how long one try waits for its reply; else CDKTR_DEFAULT_ZMQ_TIMEOUT_MS, else 3 s.
    `total_timeout_s`: how long a call goes on trying while the principal is away or slow; None for ever.
    `curve`: keys for an encrypted connection; else those of CDKTR_CURVE_SERVER_KEY and its sisters, if set.

    Raises `SettingError` for a value that cannot be used. Methods that return a `Result` raise nothing that has to do
    with the principal; the others raise `CdktrError`.
    """

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
        # Belongs to one process: in a child that was forked, a lock that another thread held is never released.
        self._alone = (os.getpid(), threading.Lock())

    def run_workflow(
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
        return self._drive(self._conversation.run_workflow(workflow_id, params, idempotency_key, reason))

    def ping(self) -> Result:
        """Whether the principal answers. Asks once."""
        return self._drive(self._conversation.ping())

    def list_workflows(self) -> Result:
        """`payload`: a dict from workflow id to its document."""
        return self._drive(self._conversation.read("LSWORKFLOWS"))

    def query_logs(
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
        return self._drive(self._conversation.read("QUERYLOGS", end, start, *filters))

    def get_recent_workflow_statuses(self) -> Result:
        """`payload`: a list of dicts, the newest status of each of up to ten workflows."""
        return self._drive(self._conversation.read("GETRECENTSTATUSES"))

    def get_registered_agents(self) -> Result:
        """`payload`: a list of dicts, one an agent."""
        return self._drive(self._conversation.read("GETREGISTEREDAGENTS"))

    def run_status(self, run_id: str) -> Run:
        """A run as it is now, by its id or a unique beginning of it.

        Raises `NotFoundError`, `RefusedError` if the beginning is not unique, and what any call raises.
        """
        return self._drive(self._conversation.run_status(run_id))

    def wait_run(self, run_id: str, timeout_s: Optional[float] = None) -> Run:
        """Waits until a run has ended, through restarts of the principal no longer than the total timeout.

        Raises `TimedOutError` after `timeout_s`, and as `run_status`.
        """
        return self._drive(self._conversation.wait_run(run_id, timeout_s))

    def _drive(self, steps: Steps[T]) -> T:
        try:
            step = next(steps)
            while True:
                try:
                    reply = b""
                    if isinstance(step, Ask):
                        reply = self._ask(step)
                    else:
                        time.sleep(step.duration_s)
                except CdktrError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(reply)
        except StopIteration as end:
            value: T = end.value
            return value

    def _ask(self, ask: Ask) -> bytes:
        if not ask.alone:
            return self._exchange(ask)
        lock = self._lock()
        if not lock.acquire(timeout=ask.timeout_s):
            raise busy(self._settings)
        try:
            return b"" if ask.is_needless() else self._exchange(ask)
        finally:
            lock.release()

    def _lock(self) -> threading.Lock:
        if self._alone[0] != os.getpid():
            self._alone = (os.getpid(), threading.Lock())
        return self._alone[1]

    def _exchange(self, ask: Ask) -> bytes:
        try:
            socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REQ)
        except zmq.ZMQError as cause:
            raise no_socket(cause) from cause
        deadline_s = time.monotonic() + ask.timeout_s
        with socket:
            make_ready(socket, self._settings)
            if not socket.poll(_left_ms(deadline_s), zmq.POLLOUT):
                raise unreachable(self._settings)
            socket.send(ask.body)
            if not socket.poll(_left_ms(deadline_s + ask.held_s), zmq.POLLIN):
                raise timed_out(self._settings, ask.timeout_s + ask.held_s)
            return b"".join(socket.recv_multipart())

    def __repr__(self) -> str:
        return f"Principal(host={self._settings.host!r}, port={self._settings.port})"


def _left_ms(deadline_s: float) -> int:
    return max(0, round((deadline_s - time.monotonic()) * 1_000))
