"""The RabbitMQ example at a real broker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Optional

import pika
import pytest
from cdktr_process import CdktrProcess
from programs import Program, eventually, run_example
from servers import RabbitServer

queue = "cdktr-workflows"


@pytest.fixture
def broker() -> Iterator[RabbitServer]:
    server = RabbitServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def publish(broker: RabbitServer, body: Any, message_id: Optional[str] = None) -> None:
    """Puts a message that outlives the broker into the queue."""
    with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
        channel = connection.channel()
        channel.queue_declare(queue=queue, durable=True)
        channel.confirm_delivery()
        properties = pika.BasicProperties(delivery_mode=2, message_id=message_id)
        channel.basic_publish("", queue, json.dumps(body).encode(), properties, mandatory=True)


def waiting(broker: RabbitServer) -> int:
    """Messages in the queue that no listener has in hand."""
    with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
        count: int = connection.channel().queue_declare(queue=queue, durable=True, passive=True).method.message_count
        return count


def listen(broker: RabbitServer, principal: CdktrProcess) -> Program:
    program = run_example("rabbitmq.py", "--url", broker.url, env=principal.settings)
    program.said("Listening to the queue")
    return program


def test_a_message_is_a_run_and_what_cannot_run_is_rejected(
    principal_process: CdktrProcess, broker: RabbitServer
) -> None:
    with listen(broker, principal_process) as listener:
        publish(broker, {"workflow_id": "note", "params": {"word": "first"}}, "message-1")
        publish(broker, {"workflow_id": "note", "params": {"word": "first"}}, "message-1")
        publish(broker, ["no workflow"])
        publish(broker, {"workflow_id": "nothing"})
        publish(broker, {"workflow_id": "note", "params": {"word": "last"}})
        listener.said("Rejected a message for nothing")
        listener.said("Rejected a message that tells no workflow")
        principal_process.noted("first", "last")
        assert waiting(broker) == 0


def test_a_message_stays_in_the_queue_until_the_principal_has_its_run(
    principal_process: CdktrProcess, broker: RabbitServer
) -> None:
    principal_process.kill()
    listener = listen(broker, principal_process)
    publish(broker, {"workflow_id": "note", "params": {"word": "kept"}}, "message-2")
    listener.said("trying again")
    # Neither the end of the listener nor that of the broker costs the message.
    listener.kill()
    eventually("the message to be back", lambda: waiting(broker) == 1)
    with listen(broker, principal_process) as successor:
        broker.kill()
        broker.start()
        successor.said("Listening to the queue", times=2)
        principal_process.start()
        principal_process.noted("kept")
        eventually("the queue to be empty", lambda: waiting(broker) == 0)
        assert principal_process.run_count() == 1
