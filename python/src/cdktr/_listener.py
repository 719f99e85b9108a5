"""Programs that wait for something to happen outside of cdktr and then have a workflow run."""

from __future__ import annotations

from typing import Optional

from ._async_principal import AsyncPrincipal
from ._conversation import Params
from ._principal import Principal
from ._result import Result


class EventListener:
    """Base of an event listener: subclasses implement `start_listening` and call `run_workflow` for each event.

    They may set `self.principal`; until then it is the one that the CDKTR_* environment variables tell. They need not
    call this class's constructor.
    """

    _principal: Optional[Principal] = None

    @property
    def principal(self) -> Principal:
        """The principal that runs the workflows."""
        if self._principal is None:
            self._principal = Principal()
        return self._principal

    @principal.setter
    def principal(self, principal: Principal) -> None:
        self._principal = principal

    def start_listening(self) -> None:
        """Waits for events, usually for ever."""
        raise NotImplementedError("Subclasses must implement start_listening()")

    def run_workflow(
        self,
        workflow_id: str,
        params: Optional[Params] = None,
        *,
        idempotency_key: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> Result:
        """Has a workflow run; see `Principal.run_workflow`."""
        return self.principal.run_workflow(workflow_id, params, idempotency_key=idempotency_key, reason=reason)


class AsyncEventListener:
    """As `EventListener`, with methods to await and an `AsyncPrincipal`."""

    _principal: Optional[AsyncPrincipal] = None

    @property
    def principal(self) -> AsyncPrincipal:
        """The principal that runs the workflows."""
        if self._principal is None:
            self._principal = AsyncPrincipal()
        return self._principal

    @principal.setter
    def principal(self, principal: AsyncPrincipal) -> None:
        self._principal = principal

    async def start_listening(self) -> None:
        """Waits for events, usually for ever."""
        raise NotImplementedError("Subclasses must implement start_listening()")

    async def run_workflow(
        self,
        workflow_id: str,
        params: Optional[Params] = None,
        *,
        idempotency_key: Optional[str] = None,
        reason: Optional[str] = None,
    ) -> Result:
        """Has a workflow run; see `Principal.run_workflow`."""
        return await self.principal.run_workflow(workflow_id, params, idempotency_key=idempotency_key, reason=reason)
