"""Where the principal is: from arguments, else from the environment, else the defaults."""

from __future__ import annotations

from typing import Any, Callable

import pytest
import zmq
from cdktr import Curve, Principal, SettingError, UnreachableError
from cdktr._settings import Settings, read_settings

public, secret = zmq.curve_keypair()


def settings(environment: dict[str, str], **given: Any) -> Settings:
    names = ("host", "port", "reply_timeout_s", "total_timeout_s", "curve")
    return read_settings(**{name: given.get(name) for name in names}, environment=environment)


def test_arguments_win_over_the_environment() -> None:
    environment = {
        "CDKTR_PRINCIPAL_HOST": "there",
        "CDKTR_PRINCIPAL_PORT": "7000",
        "CDKTR_DEFAULT_ZMQ_TIMEOUT_MS": "500",
    }
    assert settings({}).endpoint == "tcp://localhost:5561" and settings({}).reply_timeout_s == 3
    found = settings(environment)
    assert (found.endpoint, found.reply_timeout_s) == ("tcp://there:7000", 0.5)
    given = settings(environment, host="here", port=1, reply_timeout_s=2.0)
    assert (given.endpoint, given.reply_timeout_s) == ("tcp://here:1", 2)


def test_what_a_principal_binds_to_is_reached_on_this_machine() -> None:
    assert settings({}, host="0.0.0.0").endpoint == "tcp://127.0.0.1:5561"
    assert settings({}, host="::").endpoint == "tcp://[::1]:5561"
    assert settings({}, host="fe80::1").shown == "[fe80::1]:5561"


@pytest.mark.parametrize(
    ("environment", "given", "words"),
    [
        ({}, {"host": ""}, "The host is ''"),
        ({}, {"host": "tcp://there"}, "The host is 'tcp://there'"),
        ({}, {"port": 0}, "The port is 0"),
        ({"CDKTR_PRINCIPAL_PORT": "many"}, {}, "CDKTR_PRINCIPAL_PORT is 'many'"),
        ({"CDKTR_DEFAULT_ZMQ_TIMEOUT_MS": "3s"}, {}, "CDKTR_DEFAULT_ZMQ_TIMEOUT_MS is '3s'"),
        ({}, {"reply_timeout_s": 0}, "The reply timeout is 0"),
        ({}, {"total_timeout_s": -1}, "The total timeout is -1"),
    ],
)
def test_what_cannot_be_used_is_named(environment: dict[str, str], given: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError) as caught:
        settings(environment, **given)
    assert words in caught.value.message and caught.value.code == "INVALID_SETTING" and caught.value.hint


def test_a_host_that_does_not_exist_does_not_answer() -> None:
    ping = Principal("no-such-host.invalid", reply_timeout_s=0.3).ping()
    assert isinstance(ping.cause, (UnreachableError, SettingError)) and "no-such-host.invalid" in (ping.error or "")


def test_keys_that_cannot_be_used_are_not_shown() -> None:
    wrong = secret.decode()[:-1] + "~"
    builds: list[Callable[[], Curve]] = [
        lambda: Curve(wrong),
        lambda: Curve(public, secret_key=wrong),
        lambda: Curve(public, secret_key=secret, public_key=wrong),
        lambda: Curve("short"),
        lambda: Curve(public, public_key=public),
        lambda: Curve(public, secret_key=secret, public_key=zmq.curve_keypair()[0]),
    ]
    for build in builds:
        with pytest.raises(SettingError) as caught:
            build()
        assert wrong not in repr(caught.value) and secret.decode() not in repr(caught.value)
        assert caught.value.__cause__ is None and "CURVE key" in caught.value.message


def test_own_keys_without_the_servers_are_an_error_and_not_a_connection_without_encryption() -> None:
    with pytest.raises(SettingError, match="CDKTR_CURVE_SERVER_KEY is not"):
        settings({"CDKTR_CURVE_SECRET_KEY": secret.decode()})
    assert settings({}).curve is None
    curve = settings({"CDKTR_CURVE_SERVER_KEY": public.decode()}).curve
    assert curve is not None and repr(curve) == "Curve(...)"
