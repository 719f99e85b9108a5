"""Encrypted connections: a server with keys in front of a real principal."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest
import zmq
from cdktr import AsyncPrincipal, Curve, Principal, UnreachableError
from cdktr_process import CdktrProcess
from zmq.auth.thread import ThreadAuthenticator

server_public, server_secret = zmq.curve_keypair()
client_public, client_secret = zmq.curve_keypair()


@pytest.fixture
def secured_port(principal_process: CdktrProcess, request: pytest.FixtureRequest) -> Iterator[int]:
    """A port that takes clients with keys, and passes on to the principal what they ask."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    guard = ThreadAuthenticator(context)
    guard.start()
    # Admits the one client that it knows.
    guard.configure_curve_callback(credentials_provider=Known())
    front, back, steering = context.socket(zmq.ROUTER), context.socket(zmq.DEALER), context.socket(zmq.PAIR)
    front.curve_server = True
    front.curve_secretkey = server_secret
    port = front.bind_to_random_port("tcp://127.0.0.1")
    back.connect(f"tcp://127.0.0.1:{principal_process.port}")
    steering.bind("inproc://steering")
    passing = threading.Thread(target=pass_on, args=(context, front, back))
    passing.start()
    yield port
    steering.send(b"")
    passing.join()
    guard.stop()
    context.destroy(linger=0)


class Known:
    """The one client that the server knows."""

    def callback(self, domain: str, key: bytes) -> bool:
        return key == client_public


def pass_on(context: zmq.Context[zmq.Socket[bytes]], front: zmq.Socket[bytes], back: zmq.Socket[bytes]) -> None:
    """Passes messages on in both directions, until it is told to end."""
    steering = context.socket(zmq.PAIR)
    steering.connect("inproc://steering")
    poller = zmq.Poller()
    for one in (front, back, steering):
        poller.register(one, zmq.POLLIN)
    while steering not in (ready := dict(poller.poll())):
        if front in ready:
            back.send_multipart(front.recv_multipart())
        if back in ready:
            front.send_multipart(back.recv_multipart())
    steering.close()


def test_a_client_with_the_keys_is_served(principal_process: CdktrProcess, secured_port: int) -> None:
    curve = Curve(server_public, secret_key=client_secret)
    result = Principal("127.0.0.1", secured_port, curve=curve).run_workflow("note", {"word": "secret"})
    assert result.success
    principal_process.completed(result.run_id)

    async def trigger() -> None:
        assert (
            await AsyncPrincipal("127.0.0.1", secured_port, curve=curve).run_workflow("note", {"word": "two"})
        ).success

    asyncio.run(trigger())
    principal_process.noted("secret", "two")


def test_keys_come_from_the_environment(secured_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDKTR_PRINCIPAL_PORT", str(secured_port))
    monkeypatch.setenv("CDKTR_CURVE_SERVER_KEY", server_public.decode())
    monkeypatch.setenv("CDKTR_CURVE_PUBLIC_KEY", client_public.decode())
    monkeypatch.setenv("CDKTR_CURVE_SECRET_KEY", client_secret.decode())
    assert Principal().ping().success


@pytest.mark.parametrize(
    "curve",
    [
        pytest.param(None, id="none"),
        pytest.param(Curve(client_public, secret_key=client_secret), id="another server's"),
        pytest.param(Curve(server_public), id="unknown client's"),
    ],
)
def test_other_keys_are_not_served_and_no_key_is_told(
    secured_port: int, curve: Curve | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="cdktr")
    principal = Principal("127.0.0.1", secured_port, reply_timeout_s=0.5, total_timeout_s=1.5, curve=curve)
    result = principal.run_workflow("note")
    assert isinstance(result.cause, UnreachableError) and "keys" in (result.cause.hint or "")
    told = f"{principal!r} {vars(principal)} {principal._settings!r} {result} {result.cause!r} {caplog.text}"
    assert "trying again" in caplog.text
    for key in (server_public, client_public, client_secret):
        assert key.decode() not in told
