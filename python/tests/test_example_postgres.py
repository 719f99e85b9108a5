"""The PostgreSQL example at a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from cdktr_process import CdktrProcess
from programs import Program, eventually, run_example
from servers import PostgresServer

make_outbox = """
    CREATE TABLE workflow_outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, workflow_id text NOT NULL,
                                  params jsonb NOT NULL DEFAULT '{}', error text)
"""


@pytest.fixture
def database() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        server.start()
        execute(server, make_outbox)
        yield server
    finally:
        server.remove()


def execute(server: PostgresServer, *statements: str) -> list[Any]:
    """Executes statements in one transaction; returns the rows of the last one."""
    with psycopg.connect(server.url) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def put(word: str, workflow_id: str = "note") -> str:
    return f"INSERT INTO workflow_outbox (workflow_id, params) VALUES ('{workflow_id}', '{{\"word\": \"{word}\"}}')"


def listen(server: PostgresServer, principal: CdktrProcess) -> Program:
    program = run_example("postgres.py", server.url, "--outbox", "workflow_outbox", env=principal.settings)
    program.said("Listening to the channel")
    return program


def test_a_notification_names_a_workflow_that_runs(principal_process: CdktrProcess, database: PostgresServer) -> None:
    with listen(database, principal_process) as listener:
        execute(database, "NOTIFY workflow_triggers, 'nothing'")
        execute(database, "NOTIFY workflow_triggers, 'note'")
        listener.said("nothing will not run")
        principal_process.noted("none")


def test_rows_of_the_outbox_run_once_and_leave_it(principal_process: CdktrProcess, database: PostgresServer) -> None:
    execute(database, put("before"))
    with listen(database, principal_process) as listener:
        execute(database, put("one"), put("no", workflow_id="nothing"), put("two"), "NOTIFY workflow_triggers")
        principal_process.noted("before", "one", "two")
        listener.said("nothing will not run")
    rows = execute(database, "SELECT workflow_id, error FROM workflow_outbox")
    assert rows == [("nothing", 'There is no workflow with the id "nothing".')]


def test_it_listens_again_after_the_server_crashed(principal_process: CdktrProcess, database: PostgresServer) -> None:
    with listen(database, principal_process) as listener:
        database.kill()
        listener.said("Connecting anew")
        database.start()
        execute(database, put("meanwhile"))
        listener.said("Listening to the channel", times=2)
        principal_process.noted("meanwhile")
        execute(database, "NOTIFY workflow_triggers, 'note'")
        principal_process.noted("meanwhile", "none")


def test_a_row_stays_until_the_principal_has_its_run(principal_process: CdktrProcess, database: PostgresServer) -> None:
    principal_process.kill()
    listener = listen(database, principal_process)
    execute(database, put("kept"), "NOTIFY workflow_triggers")
    listener.said("trying again")
    listener.kill()
    assert len(execute(database, "SELECT id FROM workflow_outbox")) == 1
    with listen(database, principal_process):
        principal_process.start()
        principal_process.noted("kept")
        eventually("the row to go", lambda: execute(database, "SELECT id FROM workflow_outbox") == [])
