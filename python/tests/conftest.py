"""What the tests share: real principals, programs started by the tests and ended by them, and what is missing here."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from cdktr_process import CdktrProcess
from programs import Missing

in_ci = os.environ.get("CI") == "true"


@pytest.fixture
def executable() -> str:
    """The path of `cdktr`."""
    path = os.environ.get("CDKTR_TEST_EXECUTABLE")
    if not path:
        raise Missing("CDKTR_TEST_EXECUTABLE does not name a cdktr executable; deno task test tests/python makes one")
    return path


@pytest.fixture
def principal_process(executable: str, tmp_path: Path) -> Iterator[CdktrProcess]:
    """A principal with an agent in it, which has the workflow `note`."""
    with CdktrProcess(executable, tmp_path / "principal") as process:
        process.start()
        yield process


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the CDKTR_ variables of whoever runs the tests away."""
    for name in list(os.environ):
        if name.startswith("CDKTR_") and not name.startswith("CDKTR_TEST_"):
            monkeypatch.delenv(name)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup() -> Generator[None, object, object]:
    """Where a program is missing on this machine, a test is skipped and says why; with CI=true it fails."""
    try:
        return (yield)
    except Missing as missing:
        if in_ci:
            raise
        pytest.skip(str(missing))
