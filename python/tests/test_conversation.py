"""What is said again and when, in a world whose clock moves only by what happens."""

from __future__ import annotations

import json
from typing import Callable, Optional, Union

import pytest
from cdktr import CdktrError, TimedOutError, UnreachableError
from cdktr._conversation import Conversation
from cdktr._settings import Settings
from cdktr._steps import Ask, Steps, T

Answer = Union[str, CdktrError]

hello = "SUCCESS\x01" + json.dumps({"verbs": ["HELLO", "RUN", "WAITRUN", "SHOWRUN"]})
accepted = "SUCCESS\x01" + json.dumps({"runId": "0198", "duplicate": False, "skipped": None})
away = UnreachableError("UNREACHABLE", "Away.")
silent = TimedOutError("TIMED_OUT", "Silent.")


def unknown(verb: str) -> str:
    return f"CLIENTERROR\x01ParseError: Unrecognised message type: {verb}"


def run_in(state: str) -> str:
    names = {"runId": "0198", "workflowId": "a", "agentId": None, "state": state, "reason": None}
    numbers = {"attempt": 1, "triggeredAtMs": 1, "startedAtMs": 2, "finishedAtMs": None}
    return "SUCCESS\x01" + json.dumps({"run": {**names, **numbers, "params": {}}})


class World:
    """A principal that answers as told, and a clock. A request that fails takes all the time it has."""

    def __init__(self, answer: Callable[[str], Answer], total_timeout_s: Optional[float] = 30) -> None:
        self._answer = answer
        self.now_s = 1_000.0
        self.asked: list[str] = []
        self.bodies: list[bytes] = []
        settings = Settings("there", 5561, 3, total_timeout_s, None)
        self.conversation = Conversation(settings, now_s=lambda: self.now_s, random_unit=lambda: 0.0)

    def play(self, steps: Steps[T]) -> T:
        try:
            step = next(steps)
            while True:
                if not isinstance(step, Ask):
                    self.now_s += step.duration_s
                    step = steps.send(b"")
                    continue
                verb = step.body.decode().split("\x01")[0]
                self.asked.append(verb)
                self.bodies.append(step.body)
                answer = self._answer(verb)
                if isinstance(answer, CdktrError):
                    self.now_s += step.timeout_s + (step.held_s if isinstance(answer, TimedOutError) else 0)
                    step = steps.throw(answer)
                else:
                    self.now_s += step.held_s
                    step = steps.send(answer.encode())
        except StopIteration as end:
            value: T = end.value
            return value


def scripted(*answers: Answer) -> Callable[[str], Answer]:
    left = list(answers)
    return lambda _verb: left.pop(0)


def test_every_try_of_a_trigger_has_the_same_key_and_another_trigger_has_another() -> None:
    world = World(scripted(hello, silent, hello, away, hello, accepted, accepted))
    for _ in range(2):
        assert world.play(world.conversation.run_workflow("a", None, None, None)).run_id == "0198"
    assert world.asked == ["HELLO", "RUN", "HELLO", "RUN", "HELLO", "RUN", "RUN"]
    keys = [json.loads(body.split(b"\x01")[1])["idempotencyKey"] for body in world.bodies if body.startswith(b"RUN")]
    assert len(set(keys[:3])) == 1 and keys[3] != keys[0]


def test_what_passes_is_tried_again_and_what_does_not_is_not() -> None:
    def told(code: str) -> str:
        return "SERVERERROR\x01" + json.dumps({"code": code, "message": "No.", "hint": None})

    passing = World(scripted(hello, told("STORAGE"), told("LIMIT_EXCEEDED"), told("SHUTTING_DOWN"), hello, accepted))
    assert passing.play(passing.conversation.run_workflow("a", None, None, None)).success
    for code in ("INTERNAL", "CONFLICT", "INVALID_ARGUMENT", "A_CODE_OF_LATER"):
        final = World(scripted(hello, told(code)))
        result = final.play(final.conversation.run_workflow("a", None, None, None))
        assert result.cause is not None and (result.cause.code, result.error) == (code, "No.")


def test_tries_end_when_the_total_timeout_is_over_and_without_one_they_never_do() -> None:
    impatient = World(lambda _: away)
    result = impatient.play(impatient.conversation.run_workflow("a", None, None, None))
    assert isinstance(result.cause, UnreachableError) and 25 < impatient.now_s - 1_000 <= 30

    left = iter(range(1_000))
    patient = World(lambda verb: away if next(left, None) is not None else hello if verb == "HELLO" else accepted, None)
    assert patient.play(patient.conversation.run_workflow("a", None, None, None)).success
    assert patient.now_s - 1_000 > 3_000


def test_a_wait_asks_on_until_the_run_has_ended() -> None:
    world = World(scripted(hello, run_in("PENDING"), run_in("RUNNING"), run_in("COMPLETED")))
    assert world.play(world.conversation.wait_run("0198", None)).succeeded
    assert world.asked == ["HELLO", "WAITRUN", "WAITRUN", "WAITRUN"]


def test_a_wait_whose_held_request_is_lost_has_its_whole_patience_from_then_on() -> None:
    world = World(scripted(hello, silent, away, away, hello, run_in("COMPLETED")), total_timeout_s=12)
    assert world.play(world.conversation.wait_run("0198", None)).succeeded
    assert world.now_s - 1_000 > 12


def test_a_wait_ends_with_its_own_time_be_the_principal_there_or_not() -> None:
    there = World(lambda verb: hello if verb == "HELLO" else run_in("RUNNING"))
    with pytest.raises(TimedOutError, match="had not ended after 50 s: it is RUNNING"):
        there.play(there.conversation.wait_run("0198", 50))
    assert there.now_s - 1_000 == pytest.approx(50, abs=1)

    gone = World(lambda _: away)
    with pytest.raises(UnreachableError):
        gone.play(gone.conversation.wait_run("0198", 5))
    assert gone.now_s - 1_000 <= 5


def test_an_original_that_took_the_place_of_another_principal_is_noticed() -> None:
    world = World(scripted(hello, accepted, unknown("RUN"), unknown("HELLO"), "OK"))
    assert world.play(world.conversation.run_workflow("a", None, None, None)).run_id == "0198"
    assert world.play(world.conversation.run_workflow("a", None, None, None)).success
    assert world.asked == ["HELLO", "RUN", "RUN", "HELLO", "RUNTASK"]


def test_a_reply_that_makes_no_sense_is_told_as_such() -> None:
    for reply in ("", "YES", "SUCCESS\x01[]", "SUCCESS\x01no json", "SUCCESS\x01{}"):
        world = World(scripted(hello, reply))
        result = world.play(world.conversation.run_workflow("a", None, None, None))
        assert result.cause is not None and result.cause.code == "UNSUPPORTED"
