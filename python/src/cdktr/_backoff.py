"""How long to wait between tries."""

from __future__ import annotations

import random
from typing import Callable


class Backoff:
    """Pauses that double up to a limit. Each is shortened by up to half at random: clients that lost the same principal
    at the same moment do not come back at the same moment."""

    def __init__(
        self, *, first_s: float = 0.1, limit_s: float = 5.0, random_unit: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._limit_s = limit_s
        self._random_unit = random_unit
        self._next_s = first_s

    def next_s(self) -> float:
        """Seconds to wait now; more the next time."""
        whole_s = self._next_s
        self._next_s = min(self._limit_s, whole_s * 2)
        return whole_s * (1 - self._random_unit() / 2)

    def reset(self) -> None:
        """Begins anew: it worked."""
        self._next_s = self._first_s
