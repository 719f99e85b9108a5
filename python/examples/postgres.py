"""Runs a workflow for each NOTIFY of a PostgreSQL channel, and for each row of an outbox table.

    pip install 'cdktr[postgres]'
    python postgres.py postgresql://user@localhost/mydb --outbox workflow_outbox
    psql mydb -c "NOTIFY workflow_triggers, 'etl.daily'"

The payload of a notification is the id of a workflow. PostgreSQL keeps no notification for a listener that is not
connected. What must not be missed goes into a table, in the same transaction as the change that it is about:

    CREATE TABLE workflow_outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, workflow_id text NOT NULL,
                                  params jsonb NOT NULL DEFAULT '{}', error text);
    INSERT INTO workflow_outbox (workflow_id, params) VALUES ('etl.daily', '{"date": "2026-03-01"}');
    NOTIFY workflow_triggers;

The notification, without a payload, only wakes the listener. A row is deleted once its run cannot be lost any more, and
is one run even if the listener ends between the two. A row that can never become a run keeps the reason in its column
error.

Where the principal is comes from CDKTR_PRINCIPAL_HOST and CDKTR_PRINCIPAL_PORT; the password of the database from
PGPASSWORD or ~/.pgpass.
"""

from __future__ import annotations

import argparse
import logging
import time
from typing import Any, Optional

import psycopg
from cdktr import Backoff, EventListener, Principal, Result
from psycopg import sql

log = logging.getLogger("postgres")

# How often it looks, without a notification, into the outbox and whether the connection still works.
look_again_s = 30.0


class DatabaseChangeListener(EventListener):
    """A listener to one channel."""

    def __init__(
        self,
        db_connection_string: str,
        channel_name: str = "workflow_triggers",
        principal_host: Optional[str] = None,
        principal_port: Optional[int] = None,
        outbox_table: Optional[str] = None,
    ) -> None:
        # While the principal is away there is nothing to do but to go on trying: notifications wait in the connection.
        self.principal = Principal(host=principal_host, port=principal_port, total_timeout_s=None)
        self.db_connection_string = db_connection_string
        self.channel_name = channel_name
        self.outbox_table = outbox_table
        self.backoff = Backoff()

    def start_listening(self) -> None:
        """Listens until it is ended, on a new connection whenever one breaks."""
        while True:
            try:
                self.listen()
            except psycopg.OperationalError as error:
                pause_s = self.backoff.next_s()
                log.warning("Connecting anew in %.1f s: %s", pause_s, str(error).strip())
                time.sleep(pause_s)

    def listen(self) -> None:
        """Listens until the connection breaks."""
        with psycopg.connect(self.db_connection_string, autocommit=True) as connection:
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self.channel_name)))
            log.info("Listening to the channel %s", self.channel_name)
            self.backoff.reset()
            # First what came while nobody listened.
            self.empty_outbox(connection)
            while True:
                for notification in connection.notifies(timeout=look_again_s, stop_after=1):
                    if notification.payload:
                        self.report(notification.payload, self.run_workflow(notification.payload, reason=self.reason))
                # Fails when the connection is broken, which silence alone does not tell.
                connection.execute("SELECT 1")
                self.empty_outbox(connection)

    def empty_outbox(self, connection: psycopg.Connection[Any]) -> None:
        """Has the runs of all rows made, oldest first. No lock is held meanwhile: a row that several listeners take, or
        one takes again, is one run by its key."""
        while self.outbox_table is not None:
            table = sql.Identifier(*self.outbox_table.split("."))
            row = connection.execute(
                sql.SQL("SELECT id, workflow_id, params FROM {} WHERE error IS NULL ORDER BY id LIMIT 1").format(table)
            ).fetchone()
            if row is None:
                return
            row_id, workflow_id, params = row
            key = f"postgres:{self.outbox_table}:{row_id}"
            result = self.run_workflow(workflow_id, params, idempotency_key=key, reason=self.reason)
            self.report(workflow_id, result)
            done = "DELETE FROM {} WHERE id = %s" if result.success else "UPDATE {} SET error = %s WHERE id = %s"
            values = [row_id] if result.success else [result.error, row_id]
            connection.execute(sql.SQL(done).format(table), values)

    @property
    def reason(self) -> str:
        """What the run's history says about its trigger."""
        return f"a notification on the channel {self.channel_name}"

    def report(self, workflow_id: str, result: Result) -> None:
        """Says what became of a notification."""
        if result.success:
            log.info("%s: run %s", workflow_id, result.run_id)
        else:
            log.error("%s will not run: %s", workflow_id, result.cause)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs a workflow for each NOTIFY of a PostgreSQL channel.")
    parser.add_argument("database", help="such as postgresql://user@localhost/mydb")
    parser.add_argument("--channel", default="workflow_triggers")
    parser.add_argument("--outbox", help="a table whose rows become runs")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    DatabaseChangeListener(arguments.database, arguments.channel, outbox_table=arguments.outbox).start_listening()
