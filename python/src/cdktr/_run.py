"""One execution of a workflow, as the principal tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from ._errors import UnsupportedError
from ._wire import read_object

_final_states = frozenset(["COMPLETED", "FAILED", "CRASHED", "CANCELLED"])


@dataclass(frozen=True)
class Run:
    """A run at the moment it was asked for. Times are the principal's clock, Unix milliseconds."""

    run_id: str
    workflow_id: str
    #: PENDING, ASSIGNED, RUNNING, COMPLETED, FAILED, CRASHED or CANCELLED.
    state: str
    #: Why it is in this state, as a sentence.
    reason: Optional[str]
    #: 0 until an agent first gets it.
    attempt: int
    params: Mapping[str, str]
    agent_id: Optional[str]
    triggered_at_ms: int
    started_at_ms: Optional[int]
    finished_at_ms: Optional[int]

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self.state in _final_states

    @property
    def succeeded(self) -> bool:
        """Whether it ended, and well."""
        return self.state == "COMPLETED"


def read_run(reply: bytes) -> Run:
    """Reads the reply to SHOWRUN or WAITRUN. Raises the error that it tells."""
    run = read_object(reply, "run")["run"]
    try:
        return Run(
            run_id=run["runId"],
            workflow_id=run["workflowId"],
            state=run["state"],
            reason=run["reason"],
            attempt=run["attempt"],
            params=run["params"],
            agent_id=run["agentId"],
            triggered_at_ms=run["triggeredAtMs"],
            started_at_ms=run["startedAtMs"],
            finished_at_ms=run["finishedAtMs"],
        )
    except (KeyError, TypeError) as cause:
        message = "Cannot read what the principal told of a run: it does not have the expected shape."
        raise UnsupportedError("UNSUPPORTED", message) from cause
