"""What is said to a principal, in which order, and what is said again when no answer comes."""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Callable, Optional, Union

from ._backoff import Backoff
from ._errors import (
    CdktrError,
    RefusedError,
    TimedOutError,
    UncertainError,
    UnreachableError,
    UnsupportedError,
    is_passing,
)
from ._result import Result
from ._run import Run, read_run
from ._settings import Settings
from ._steps import Ask, Pause, Steps, T
from ._wire import encode_new, encode_original, is_unrecognised, read_object, read_payload

#: Values of a run's parameters; the principal keeps them as text.
Params = Mapping[str, Union[str, int, float, bool]]

_log = logging.getLogger("cdktr")

# Below the longest a principal holds a request, so that a broken connection is noticed in time.
_held_s_max = 20.0


class Conversation:
    """Conversations with one principal. Holds what was learnt of it, and no connection."""

    def __init__(
        self,
        settings: Settings,
        now_s: Callable[[], float] = time.monotonic,
        random_unit: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._now_s = now_s
        self._random_unit = random_unit
        # The new verbs the principal knows, none for an original one; None while that is not known.
        self._verbs: Optional[frozenset[str]] = None

    def run_workflow(
        self, workflow_id: str, params: Optional[Params], idempotency_key: Optional[str], reason: Optional[str]
    ) -> Steps[Result]:
        """Triggers a workflow."""
        # One key for all tries: the principal takes them for one trigger.
        key = idempotency_key if idempotency_key is not None else f"python:{uuid.uuid4()}"

        def attempt(deadline_s: float) -> Steps[Result]:
            if not (yield from self._known_verbs(deadline_s)):
                return (yield from self._run_on_original(workflow_id, params, deadline_s))
            request = {
                "workflowId": workflow_id,
                "trigger": "event",
                "params": _as_texts(params or {}),
                "idempotencyKey": key,
                "reason": reason if reason is not None else "a Python client asked for it",
            }
            body = yield from self._ask_new("RUN", request, deadline_s)
            told = read_object(body, "runId", "duplicate")
            return Result(True, run_id=told["runId"], skipped=told.get("skipped"), duplicate=told["duplicate"])

        return (yield from _settled(self._persist(attempt, f"run {workflow_id}")))

    def ping(self) -> Steps[Result]:
        """Asks once whether the principal is there."""
        return (yield from _settled(self._ask_original(self._deadline_s(), "PING")))

    def read(self, verb: str, *arguments: str) -> Steps[Result]:
        """Asks for something in the original's words that every principal answers."""

        def attempt(deadline_s: float) -> Steps[Any]:
            # An original principal makes a query of them, and one with a quote in it ends that program.
            has_quote = any("'" in argument for argument in arguments)
            if has_quote and not (yield from self._known_verbs(deadline_s)):
                raise RefusedError(
                    "INVALID_ARGUMENT", "An original principal cannot be asked for an id with a ' in it."
                )
            return (yield from self._ask_original(deadline_s, verb, *arguments))

        return (yield from _settled(self._persist(attempt, f"read {verb}")))

    def run_status(self, run_id: str) -> Steps[Run]:
        """A run as it is now."""

        def attempt(deadline_s: float) -> Steps[Run]:
            return read_run((yield from self._ask_new("SHOWRUN", {"run": run_id}, deadline_s)))

        return (yield from self._persist(attempt, f"look at run {run_id}"))

    def wait_run(self, run_id: str, timeout_s: Optional[float]) -> Steps[Run]:
        """A run once it has ended."""
        end_s = None if timeout_s is None else self._now_s() + timeout_s
        while True:
            left_s = _held_s_max if end_s is None else max(0.0, end_s - self._now_s())
            held_s = min(_held_s_max, left_s)
            request = {"run": run_id, "waitMs": int(held_s * 1_000)}

            def attempt(deadline_s: float, request: Mapping[str, Any] = request, held_s: float = held_s) -> Steps[Run]:
                return read_run((yield from self._ask_new("WAITRUN", request, deadline_s, held_s)))

            run = yield from self._persist(attempt, f"wait for run {run_id}", held_s, end_s)
            if run.is_final:
                return run
            if end_s is not None and self._now_s() >= end_s:
                message = f"Run {run_id} had not ended after {timeout_s} s: it is {run.state}."
                raise TimedOutError("TIMED_OUT", message, "It goes on.")

    def _persist(
        self, attempt: Callable[[float], Steps[T]], what: str, held_s: float = 0, end_s: Optional[float] = None
    ) -> Steps[T]:
        """Makes attempts, each given the time when to be over, until one succeeds, fails for good, or time is up."""
        deadline_s = self._deadline_s(end_s)
        was_held = held_s > 0
        backoff = Backoff(random_unit=self._random_unit)
        while True:
            try:
                return (yield from attempt(deadline_s))
            except CdktrError as error:
                if isinstance(error, (UnreachableError, TimedOutError, UnsupportedError)):
                    self._verbs = None  # Another principal may take its place.
                if was_held and isinstance(error, TimedOutError):
                    was_held = False
                    deadline_s = self._deadline_s(end_s)  # Only now it shows that the principal is away.
                pause_s = backoff.next_s()
                if not is_passing(error) or self._now_s() + pause_s >= deadline_s:
                    raise
                _log.warning("Could not %s, trying again in %.1f s: %s", what, pause_s, error.message)
            yield Pause(pause_s)

    def _deadline_s(self, end_s: Optional[float] = None) -> float:
        """When a call that begins now is over: after the total timeout, or earlier if its wait ends earlier."""
        now_s, total_s = self._now_s(), self._settings.total_timeout_s
        patience_s = float("inf") if total_s is None else now_s + total_s
        # Whoever does not want to wait at all gives time for one answer all the same.
        return patience_s if end_s is None else min(patience_s, max(end_s, now_s + self._settings.reply_timeout_s))

    def _known_verbs(self, deadline_s: float) -> Steps[frozenset[str]]:
        """The new verbs that the principal knows; none if it is an original one. Asks it once."""
        while True:
            # Once, since other threads forget what was learnt when they fail.
            verbs = self._verbs
            if verbs is not None:
                return verbs
            hello = encode_new("HELLO", {"role": "python", "version": _own_version})
            # Whoever wants to know meanwhile shares the answer.
            reply = yield from self._ask(hello, deadline_s, alone=True, is_needless=lambda: self._verbs is not None)
            if is_unrecognised(reply, "HELLO"):
                self._verbs = frozenset()
            elif reply:
                self._verbs = frozenset(read_object(reply, "verbs")["verbs"])

    def _run_on_original(self, workflow_id: str, params: Optional[Params], deadline_s: float) -> Steps[Result]:
        if params:
            raise UnsupportedError(
                "UNSUPPORTED",
                f"The principal at {self._settings.shown} is an original cdktr, which knows no parameters.",
                "Leave them out, or run a principal of this version.",
            )
        try:
            yield from self._ask_original(deadline_s, "RUNTASK", workflow_id)
        except TimedOutError as error:
            # It knows no keys either: a second request would be a second run.
            hint = "It may have taken the workflow all the same: look at its runs before you ask again."
            raise UncertainError(error.code, error.message, hint) from error
        return Result(True)

    def _ask_original(self, deadline_s: float, verb: str, *arguments: str) -> Steps[Any]:
        # Whoever is not known to be ours may be an original.
        body = encode_original(verb, *arguments)
        return read_payload((yield from self._ask(body, deadline_s, alone=not self._verbs)))

    def _ask_new(self, verb: str, request: Mapping[str, Any], deadline_s: float, held_s: float = 0) -> Steps[bytes]:
        verbs = yield from self._known_verbs(deadline_s)
        if verb not in verbs:
            which = "of an older version" if verbs else "an original cdktr"
            message = f"The principal at {self._settings.shown} is {which}, which does not know {verb}."
            raise UnsupportedError("UNSUPPORTED", message, "Run a principal of this version.")
        reply = yield from self._ask(encode_new(verb, request), deadline_s, alone=False, held_s=held_s)
        if is_unrecognised(reply, verb):
            message = f"Another principal has taken the place of the one at {self._settings.shown}."
            raise UnreachableError("UNREACHABLE", message)
        return reply

    def _ask(
        self,
        body: bytes,
        deadline_s: float,
        *,
        alone: bool,
        held_s: float = 0,
        is_needless: Callable[[], bool] = lambda: False,
    ) -> Steps[bytes]:
        left_s = min(self._settings.reply_timeout_s, deadline_s - self._now_s())
        # The first try has some time in any case.
        return (yield Ask(body, max(0.01, left_s), held_s, alone, is_needless))


def _settled(steps: Steps[Any]) -> Steps[Result]:
    """The same as a result, whether it worked or not."""
    try:
        outcome = yield from steps
    except CdktrError as error:
        return Result.of_error(error)
    return outcome if isinstance(outcome, Result) else Result(True, payload=outcome)


def _as_texts(params: Params) -> dict[str, str]:
    return {name: _as_text(name, value) for name, value in params.items()}


def _as_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    message = f"The parameter {name} is {type(value).__name__}, not text, a number or true or false."
    raise RefusedError("INVALID_PARAMETERS", message)


def _find_version() -> str:
    try:
        return version("cdktr")
    except PackageNotFoundError:
        return "source"


_own_version = _find_version()
