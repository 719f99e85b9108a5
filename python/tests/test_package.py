"""The package as it is handed out."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import cdktr

from programs import repository

project = repository / "python"


def test_the_wheel_holds_the_package_with_its_types_and_needs_pyzmq_alone(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=project, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [name for name in names if name.endswith(".dist-info/METADATA")]
        told = Parser().parsestr(archive.read(metadata).decode())
        [license_name] = [name for name in names if name.endswith("/LICENSE")]
        assert archive.read(license_name) == (repository / "LICENSE").read_bytes()
    assert {"cdktr/__init__.py", "cdktr/py.typed"} <= set(names)
    needed = [one for one in told.get_all("Requires-Dist") or [] if "extra ==" not in one]
    assert [one.split(">")[0] for one in needed] == ["pyzmq"]
    assert (told["License-Expression"], told["Requires-Python"]) == ("Apache-2.0", ">=3.9")
    assert set(told.get_all("Provides-Extra") or []) == {"files", "postgres", "rabbitmq", "webhook"}


def test_all_of_it_is_typed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path)]
    checked = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_is_exported_is_there() -> None:
    assert [name for name in cdktr.__all__ if not hasattr(cdktr, name)] == []
    assert sorted(cdktr.__all__) == cdktr.__all__
