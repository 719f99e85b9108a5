"""Servers of others, each with directories and ports of its own, that end with the test: none is the system's."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Optional

from programs import Missing, Program, eventually, free_port


class PostgresServer:
    """A PostgreSQL cluster that listens on a socket in its directory only."""

    def __init__(self) -> None:
        self._bin = _find_postgres()
        self._user = _find_user()
        self._directory = Path(tempfile.mkdtemp(prefix="cdktr-postgres-")).resolve()
        self._program: Optional[Program] = None
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(self._directory, account.pw_uid, account.pw_gid)
        initdb = [str(self._bin / "initdb"), "-D", str(self._cluster), "-U", "tester", "-A", "trust", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=self._directory, user=self._user)

    @property
    def _cluster(self) -> Path:
        return self._directory / "cluster"

    @property
    def url(self) -> str:
        """What clients connect with."""
        return f"postgresql://tester@/postgres?host={self._directory}"

    def start(self) -> None:
        """Starts it and waits until it takes connections."""
        options = ["-c", "listen_addresses=", "-k", str(self._directory), "-c", "fsync=off"]
        command = [str(self._bin / "postgres"), "-D", str(self._cluster), *options]
        self._program = Program(command, cwd=self._directory, user=self._user)
        self._program.said("ready to accept connections")

    def kill(self) -> None:
        """Ends it as a crash would, with all connections."""
        assert self._program is not None
        self._program.kill()
        # Its parts have groups of their own and notice a moment later; until then a start is refused.
        eventually("the parts of PostgreSQL to end", lambda: not _works_in(self._cluster))

    def remove(self) -> None:
        """Ends it and removes what it kept."""
        if self._program is not None:
            self._program.stop()
        shutil.rmtree(self._directory)


def _works_in(directory: Path) -> bool:
    """Whether a process has this working directory, as every part of PostgreSQL has its cluster's."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink() == directory:
                return True
    return False


def _find_postgres() -> Path:
    """The folder of its programs: Debian does not put them on PATH."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise Missing("there is no PostgreSQL server (Debian: postgresql)")
    return found[-1].parent


def _find_user() -> Optional[str]:
    """The user to run it as; None for the present one. It refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return next(user for user in ("postgres", "nobody") if user in known)


class RabbitServer:
    """A RabbitMQ node, and the port mapper that its runtime needs."""

    def __init__(self) -> None:
        script, mapper = Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), shutil.which("epmd")
        if not script.exists() or mapper is None:
            raise Missing("there is no RabbitMQ server (Debian: rabbitmq-server)")
        self._script = str(script)
        self._directory = Path(tempfile.mkdtemp(prefix="cdktr-rabbitmq-")).resolve()
        self.port = free_port()
        mapper_port = free_port()
        (self._directory / "plugins").write_text("[].\n")
        self._env = {
            "HOME": str(self._directory),
            "ERL_EPMD_PORT": str(mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "cdktr_test@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self._directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._directory / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._directory / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self._directory / "none"),
        }
        # Else the runtime would start one that outlives the test.
        self._mapper = Program([mapper, "-address", "127.0.0.1", "-port", str(mapper_port)])
        eventually("the port mapper", lambda: listens(mapper_port))
        self._program: Optional[Program] = None

    @property
    def url(self) -> str:
        """What clients connect with."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Starts it and waits until it takes connections."""
        self._program = Program([self._script], env=self._env, cwd=self._directory)
        self._program.said("Server startup complete")

    def kill(self) -> None:
        """Ends it as a crash would, with all connections."""
        assert self._program is not None
        self._program.kill()

    def remove(self) -> None:
        """Ends it and removes what it kept."""
        if self._program is not None:
            self._program.stop()
        self._mapper.stop()
        shutil.rmtree(self._directory)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
