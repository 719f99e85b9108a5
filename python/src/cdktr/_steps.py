"""What a conversation needs of the world, so that the same conversation runs with and without asyncio.

A conversation is a generator: it yields a step and is sent the reply, or thrown the error, that the step came to.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Callable, TypeVar, Union

T = TypeVar("T")


@dataclass(frozen=True)
class Ask:
    """One request on a connection of its own. Sent `bytes`; thrown `UnreachableError` if it was surely not sent, and
    `TimedOutError` if no reply came."""

    body: bytes
    timeout_s: float
    #: How much longer the principal may take for its reply, because it was asked to hold it back.
    held_s: float
    #: An original principal loses replies while several requests are in flight: no other may be, of this client.
    alone: bool
    #: Looked at once it is this request's turn: whether another has brought the answer meanwhile. Then nothing is
    #: asked, and the conversation is sent empty bytes.
    is_needless: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Pause:
    """Nothing, for a while. Sent empty bytes."""

    duration_s: float


Step = Union[Ask, Pause]
Steps = Generator[Step, bytes, T]
