"""What can go wrong, by what the caller can do about it."""

from __future__ import annotations

from typing import Optional


class CdktrError(Exception):
    """Base of all errors of this package.

    `code` is stable and the same on the command line and on the wire; docs/errors.md of cdktr lists the codes.
    `message` is one sentence, `hint` says what to do, where there is something to say.
    """

    def __init__(self, code: str, message: str, hint: Optional[str] = None) -> None:
        super().__init__(code, message, hint)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return " ".join([self.message, *([self.hint] if self.hint else []), f"[{self.code}]"])


class SettingError(CdktrError):
    """A host, port, time or key cannot be used."""


class UnreachableError(CdktrError):
    """No principal answers there, or it is about to end. What was asked did not happen."""


class TimedOutError(CdktrError):
    """A wait ended before what it waited for."""


class UncertainError(TimedOutError):
    """No answer came, what was asked may have happened all the same, and asking again could have it happen twice."""


class NotFoundError(CdktrError):
    """There is no workflow or run of that name."""


class RefusedError(CdktrError):
    """The principal understood and does not do it: parameters that do not fit, an id that is not unique."""


class UnsupportedError(CdktrError):
    """The principal is an original or older one, and has no such thing."""


class PrincipalError(CdktrError):
    """The principal failed: its disk, one of its limits, a defect."""


_classes: dict[str, type[CdktrError]] = {
    "INVALID_SETTING": SettingError,
    "UNREACHABLE": UnreachableError,
    "SHUTTING_DOWN": UnreachableError,
    "TIMED_OUT": TimedOutError,
    "NOT_FOUND": NotFoundError,
    "INVALID_ARGUMENT": RefusedError,
    "INVALID_PARAMETERS": RefusedError,
    "AMBIGUOUS": RefusedError,
    "CONFLICT": RefusedError,
    "UNSUPPORTED": UnsupportedError,
}

_passing = {"UNREACHABLE", "SHUTTING_DOWN", "TIMED_OUT", "STORAGE", "LIMIT_EXCEEDED"}


def error_of(code: str, message: str, hint: Optional[str] = None) -> CdktrError:
    """The error that stands for a code of the principal."""
    return _classes.get(code, PrincipalError)(code, message, hint)


def is_passing(error: CdktrError) -> bool:
    """Whether the same request may succeed later, and can be made again without harm."""
    return error.code in _passing and not isinstance(error, UncertainError)
