"""Client of the cdktr workflow engine.

`Principal` and `AsyncPrincipal` trigger workflows and look at runs; `EventListener` and `AsyncEventListener` are bases
for programs that have workflows run when something happens.
"""

from ._async_principal import AsyncPrincipal
from ._backoff import Backoff
from ._conversation import Params
from ._curve import Curve
from ._errors import (
    CdktrError,
    NotFoundError,
    PrincipalError,
    RefusedError,
    SettingError,
    TimedOutError,
    UncertainError,
    UnreachableError,
    UnsupportedError,
)
from ._listener import AsyncEventListener, EventListener
from ._principal import Principal
from ._result import Result
from ._run import Run

__all__ = [
    "AsyncEventListener",
    "AsyncPrincipal",
    "Backoff",
    "CdktrError",
    "Curve",
    "EventListener",
    "NotFoundError",
    "Params",
    "Principal",
    "PrincipalError",
    "RefusedError",
    "Result",
    "Run",
    "SettingError",
    "TimedOutError",
    "UncertainError",
    "UnreachableError",
    "UnsupportedError",
]
