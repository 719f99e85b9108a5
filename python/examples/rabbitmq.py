"""Runs a workflow for each message of a RabbitMQ queue.

    pip install 'cdktr[rabbitmq]'
    python rabbitmq.py --host localhost --queue cdktr-workflows

A message is JSON: {"workflow_id": "etl.daily", "params": {"date": "2026-03-01"}}. It is acknowledged once its run
cannot be lost any more; while the principal is away, messages stay in the queue. The broker delivers again what was not
acknowledged: set the property message_id, and a message is one run all the same. (An original principal knows no such
keys: there a message whose answer was lost runs twice.)

A message that can never become a run (no JSON, no such workflow, parameters that do not fit) is rejected: give the
queue a dead letter exchange to keep those. Where the principal is comes from CDKTR_PRINCIPAL_HOST and
CDKTR_PRINCIPAL_PORT, and user, password and virtual host of the broker from --url.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from typing import Any, Optional

import pika
from cdktr import Backoff, EventListener, NotFoundError, Principal, RefusedError, UnsupportedError
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError
from pika.spec import Basic, BasicProperties

log = logging.getLogger("rabbitmq")


class RabbitMQListener(EventListener):
    """A consumer of one queue."""

    def __init__(
        self,
        rabbitmq_host: str = "localhost",
        queue_name: str = "cdktr-workflows",
        principal_host: Optional[str] = None,
        principal_port: Optional[int] = None,
        rabbitmq_url: Optional[str] = None,
    ) -> None:
        # A call must be over before the broker misses heartbeats, which are not sent meanwhile.
        self.principal = Principal(host=principal_host, port=principal_port, total_timeout_s=20)
        self.queue_name = queue_name
        self.backoff = Backoff()
        self.parameters: pika.connection.Parameters = (
            pika.ConnectionParameters(host=rabbitmq_host, heartbeat=60)
            if rabbitmq_url is None
            else pika.URLParameters(rabbitmq_url)
        )

    def handle_message(
        self, channel: BlockingChannel, method: Basic.Deliver, properties: BasicProperties, body: bytes
    ) -> None:
        """Has the run of one message made, then acknowledges it."""
        tag = method.delivery_tag
        assert tag is not None, "the broker numbers what it delivers"
        try:
            message: Any = json.loads(body)
            workflow_id, params = message["workflow_id"], message.get("params", {})
            if not isinstance(workflow_id, str) or not isinstance(params, dict):
                raise TypeError("workflow_id has to be text, and params an object")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            log.error("Rejected a message that tells no workflow: %s: %s", type(error).__name__, error)
            channel.basic_reject(tag, requeue=False)
            return
        key = f"rabbitmq:{self.queue_name}:{properties.message_id}" if properties.message_id else None
        reason = f"a message in the queue {self.queue_name}"
        result = self.run_workflow(workflow_id, params, idempotency_key=key, reason=reason)
        if result.success:
            channel.basic_ack(tag)
        elif isinstance(result.cause, (NotFoundError, RefusedError, UnsupportedError)):
            log.error("Rejected a message for %s: %s", workflow_id, result.cause)
            channel.basic_reject(tag, requeue=False)
        else:
            log.warning("Left a message for %s in the queue: %s", workflow_id, result.cause)
            time.sleep(1)  # It is delivered again at once.
            channel.basic_nack(tag, requeue=True)

    def start_listening(self) -> None:
        """Consumes until it is ended, on a new connection whenever one breaks."""
        while True:
            try:
                self.consume()
            except (AMQPError, OSError) as error:
                pause_s = self.backoff.next_s()
                log.warning("Connecting anew in %.1f s: %s: %s", pause_s, type(error).__name__, error)
                time.sleep(pause_s)

    def consume(self) -> None:
        """Consumes until the connection breaks."""
        with pika.BlockingConnection(self.parameters) as connection:
            channel = connection.channel()
            channel.queue_declare(queue=self.queue_name, durable=True)
            # One at a time: what is not acknowledged yet is there for other listeners.
            channel.basic_qos(prefetch_count=1)
            channel.basic_consume(queue=self.queue_name, on_message_callback=self.handle_message)
            log.info("Listening to the queue %s", self.queue_name)
            self.backoff.reset()
            channel.start_consuming()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs a workflow for each message of a RabbitMQ queue.")
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--queue", default="cdktr-workflows")
    parser.add_argument("--url", help="amqp://user:password@host:port/vhost, instead of --host")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    RabbitMQListener(arguments.host, arguments.queue, rabbitmq_url=arguments.url).start_listening()
