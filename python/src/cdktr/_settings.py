"""Where the principal is and how patient to be: from arguments, else from the environment, else the defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from ._curve import Curve
from ._errors import SettingError

default_total_timeout_s = 30.0


@dataclass(frozen=True)
class Settings:
    """How to reach one principal."""

    host: str
    port: int
    #: How long one try waits for its reply.
    reply_timeout_s: float
    #: How long tries go on; None for ever.
    total_timeout_s: Optional[float]
    curve: Optional[Curve] = field(repr=False)

    @property
    def endpoint(self) -> str:
        """What ZeroMQ connects to."""
        return f"tcp://{self.shown}"

    @property
    def shown(self) -> str:
        """Host and port as people write them."""
        # What a principal binds to mean every address is no address to connect to.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


def read_settings(
    host: Optional[str],
    port: Optional[int],
    reply_timeout_s: Optional[float],
    total_timeout_s: Optional[float],
    curve: Optional[Curve],
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Puts the settings together. Raises `SettingError` naming the one that cannot be used."""
    if host is None:
        host = environment.get("CDKTR_PRINCIPAL_HOST") or "localhost"
    if host == "" or any(letter.isspace() or letter in "/[]" for letter in host):
        raise _unusable("The host", host, "a host name or an IP address, without a port")
    if port is None:
        port = _whole_number(environment, "CDKTR_PRINCIPAL_PORT", 5561)
    if not 1 <= port <= 65_535:
        raise _unusable("The port", port, "a whole number from 1 to 65535")
    if reply_timeout_s is None:
        reply_timeout_s = _whole_number(environment, "CDKTR_DEFAULT_ZMQ_TIMEOUT_MS", 3_000) / 1_000
    if not 0 < reply_timeout_s <= 86_400:
        raise _unusable("The reply timeout", reply_timeout_s, "seconds, more than 0 and at most a day")
    if total_timeout_s is not None and not total_timeout_s > 0:
        raise _unusable("The total timeout", total_timeout_s, "seconds, more than 0, or None for no limit")
    if curve is None:
        curve = Curve.from_environment(environment)
    return Settings(host, port, reply_timeout_s, total_timeout_s, curve)


def _whole_number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip()
    if text == "":
        return default
    if not (text.isascii() and text.isdigit()):
        raise _unusable(name, text, "a whole number")
    return int(text)


def _unusable(what: str, value: object, accepted: str) -> SettingError:
    return SettingError("INVALID_SETTING", f"{what} is {value!r}, which cannot be used.", f"It is {accepted}.")
