"""The file watcher example on a real directory."""

from __future__ import annotations

import os
from pathlib import Path

from cdktr_process import CdktrProcess
from programs import Program, run_example


def watch(directory: Path, principal: CdktrProcess) -> Program:
    program = run_example("file_watcher.py", str(directory), "note", "--param", "word", env=principal.settings)
    program.said("Watching")
    return program


def test_a_file_is_one_run_for_each_time_it_is_written(principal_process: CdktrProcess, tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    (incoming / "deep").mkdir(parents=True)
    (incoming / "old").write_text("was there before")
    with watch(incoming, principal_process) as watcher:
        first = incoming / "deep" / "first"
        with first.open("w") as file:
            for line in range(20):
                file.write(f"{line}\n")
                file.flush()
        watcher.said("first: run ")
        first.write_text("again")
        watcher.said("first: run ", times=2)
        elsewhere = tmp_path / "moved"
        elsewhere.write_text("moved in")
        os.rename(elsewhere, incoming / "moved")
        watcher.said("moved: run ")
        principal_process.noted(str(first), str(first), str(incoming / "moved"))


def test_a_file_waits_for_a_principal_that_is_away(principal_process: CdktrProcess, tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    with watch(incoming, principal_process) as watcher:
        principal_process.kill()
        (incoming / "late").write_text("late")
        watcher.said("trying again")
        principal_process.start()
        watcher.said("late: run ")
        principal_process.noted(str(incoming / "late"))


def test_a_directory_that_goes_away_is_watched_once_it_is_back(principal_process: CdktrProcess, tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    with watch(incoming, principal_process) as watcher:
        incoming.rmdir()
        watcher.said("Cannot watch")
        incoming.mkdir()
        (incoming / "meanwhile").write_text("before it is watched again")
        watcher.said("meanwhile: run ")
        # At once, and maybe with the same number.
        (incoming / "meanwhile").unlink()
        incoming.rmdir()
        incoming.mkdir()
        watcher.said("Watching", times=3)
        (incoming / "after").write_text("after")
        watcher.said("after: run ")
        principal_process.noted(str(incoming / "after"), str(incoming / "meanwhile"))
