"""The outcome of a call that does not raise."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Optional

from ._errors import CdktrError


@dataclass(frozen=True, repr=False)
class Result:
    """Whether it worked, and what came of it.

    `error` says what went wrong in a sentence, and `cause` is the same as an exception with its code and hint; both are
    None when `success` is true. `payload` is what was asked for, if anything.
    """

    success: bool
    error: Optional[str] = None
    payload: Any = None
    #: The run that was started; None from an original principal, which tells none.
    run_id: Optional[str] = None
    #: Why nothing was started although all is well: the workflow's overlap policy. `run_id` is then the run in its way.
    skipped: Optional[str] = None
    #: The idempotency key was used before, within a day: `run_id` is the run of that time.
    duplicate: bool = False
    cause: Optional[CdktrError] = field(default=None, compare=False)

    @classmethod
    def of_error(cls, cause: CdktrError) -> Result:
        return cls(success=False, error=cause.message, cause=cause)

    def raise_for_error(self) -> None:
        """Raises `cause` if this is no success."""
        if self.cause is not None:
            raise self.cause

    def __repr__(self) -> str:
        told = [one for one in fields(self) if one.name == "success" or getattr(self, one.name) != one.default]
        return f"Result({', '.join(f'{one.name}={getattr(self, one.name)!r}' for one in told if one.name != 'cause')})"
