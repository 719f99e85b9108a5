"""Runs a workflow for each POST to /trigger/WORKFLOW.

    pip install 'cdktr[webhook]'
    python webhook.py --port 8080
    curl localhost:8080/trigger/etl.daily -H 'Content-Type: application/json' -d '{"params": {"date": "2026-03-01"}}'

200 is answered once the run cannot be lost any more; after anything from 500 up the sender should send again. A
delivery that carries an Idempotency-Key (or X-GitHub-Delivery) is one run however often it is sent.

Where the principal is comes from CDKTR_PRINCIPAL_HOST and CDKTR_PRINCIPAL_PORT. If CDKTR_WEBHOOK_TOKEN is set, requests
must carry it as `Authorization: Bearer TOKEN`; without it, whoever reaches the port runs workflows. Flask's own server
is enough for a few requests a second; `waitress-serve --call webhook:make_app` serves more.
"""

from __future__ import annotations

import argparse
import hmac
import os
from typing import Any, Optional

from cdktr import EventListener, NotFoundError, Principal, RefusedError, UnsupportedError
from flask import Flask, Response, jsonify, request


class WebhookListener(EventListener):
    """An HTTP server in front of the principal."""

    def __init__(
        self,
        principal_host: Optional[str] = None,
        principal_port: Optional[int] = None,
        host: str = "127.0.0.1",
        port: int = 8080,
        token: Optional[str] = None,
    ) -> None:
        # Senders hang up after about ten seconds and send again.
        self.principal = Principal(host=principal_host, port=principal_port, total_timeout_s=8)
        self.host = host
        self.port = port
        self.token = token
        self.app = Flask(__name__)
        self.app.add_url_rule("/trigger/<workflow_id>", view_func=self.trigger, methods=["POST"])

    def trigger(self, workflow_id: str) -> tuple[Response, int]:
        """Answers one request."""
        if not self.is_allowed():
            return failed("the token is missing or wrong"), 401
        payload: Any = request.get_json(silent=True) if request.data else {}
        params = payload.get("params", {}) if isinstance(payload, dict) else None
        if not isinstance(params, dict):
            return failed('the body has to be a JSON object, such as {"params": {"date": "2026-03-01"}}'), 400
        delivery = request.headers.get("Idempotency-Key") or request.headers.get("X-GitHub-Delivery")
        key = f"webhook:{workflow_id}:{delivery}" if delivery else None
        result = self.run_workflow(workflow_id, params, idempotency_key=key, reason="a webhook was called")
        if result.success:
            return jsonify(status="triggered", workflow=workflow_id, run=result.run_id, skipped=result.skipped), 200
        return failed(result.error or ""), status_of(result.cause)

    def is_allowed(self) -> bool:
        """Whether the request carries the token, if there is one."""
        if self.token is None:
            return True
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode())

    def start_listening(self) -> None:
        """Serves until it is ended."""
        self.app.run(host=self.host, port=self.port)


def failed(error: str) -> Response:
    """The body of an answer that says no."""
    return jsonify(status="failed", error=error)


def status_of(cause: Optional[Exception]) -> int:
    """The HTTP status for an error: below 500 the same request would fail again."""
    if isinstance(cause, NotFoundError):
        return 404
    return 400 if isinstance(cause, (RefusedError, UnsupportedError)) else 503


def make_app() -> Flask:
    """The application, for servers such as waitress."""
    return WebhookListener(token=os.environ.get("CDKTR_WEBHOOK_TOKEN")).app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs a workflow for each POST to /trigger/WORKFLOW.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    arguments = parser.parse_args()
    token = os.environ.get("CDKTR_WEBHOOK_TOKEN")
    WebhookListener(host=arguments.host, port=arguments.port, token=token).start_listening()
