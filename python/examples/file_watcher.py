"""Runs a workflow when a file below a directory is written or moved in.

    pip install 'cdktr[files]'
    python file_watcher.py /srv/incoming etl.load --param path

Several events of one write are one run: it begins once a file has been left alone for a second. With --param the file's
path is given to the workflow, as the parameter of that name. While the principal is away, files wait. If the directory
goes away (is unmounted, or removed and made again) it is watched again once it is back, and what was written meanwhile
counts. What is written while this program does not run is not noticed.

Where the principal is comes from CDKTR_PRINCIPAL_HOST and CDKTR_PRINCIPAL_PORT.
"""

from __future__ import annotations

import argparse
import logging
import os
import queue
import time
from typing import Optional

from cdktr import EventListener, Principal
from watchdog.events import FileSystemEvent, FileSystemEventHandler, FileSystemMovedEvent
from watchdog.observers import Observer

log = logging.getLogger("file_watcher")

# A file counts as written when nothing happened to it for so long.
quiet_s = 1.0


class FileWatcherListener(EventListener):
    """A watch on one directory and all below it."""

    def __init__(
        self,
        watch_path: str,
        workflow_id: str,
        path_param: Optional[str] = None,
        principal_host: Optional[str] = None,
        principal_port: Optional[int] = None,
    ) -> None:
        # While the principal is away there is nothing to do but to go on trying: files wait.
        self.principal = Principal(host=principal_host, port=principal_port, total_timeout_s=None)
        self.watch_path = watch_path
        self.workflow_id = workflow_id
        self.path_param = path_param
        # When something last happened to each file that has had no run for it yet.
        self.written_at_s: dict[str, float] = {}
        self.watched_until_ns: Optional[int] = None

    def start_listening(self) -> None:
        """Watches until it is ended."""
        while True:
            try:
                self.watch()
            except OSError as error:
                log.warning("Cannot watch %s: %s", self.watch_path, error)
            self.run_what_is_quiet()
            time.sleep(quiet_s)

    def watch(self) -> None:
        """Watches until the directory is gone, or another one has its name. Raises `OSError` if it is not there."""
        directory = inode_of(self.watch_path)
        paths: queue.Queue[str] = queue.Queue()
        observer = Observer()
        observer.schedule(Notes(paths), self.watch_path, recursive=True)
        observer.start()
        try:
            self.note_what_was_missed()
            log.info("Watching %s", self.watch_path)
            # The watch on a directory ends with it, even if a new one has its name and number at once.
            while all(emitter.is_alive() for emitter in observer.emitters):
                now_ns = time.time_ns()
                if inode_of(self.watch_path) != directory:
                    break
                self.watched_until_ns = now_ns
                try:
                    self.written_at_s[paths.get(timeout=quiet_s / 4)] = time.monotonic()
                except queue.Empty:
                    pass
                self.run_what_is_quiet()
        finally:
            observer.stop()
            observer.join()

    def note_what_was_missed(self) -> None:
        """Notes files that were written since the directory was last watched, if it was before."""
        if self.watched_until_ns is None:
            self.watched_until_ns = time.time_ns()
            return
        for folder, _, names in os.walk(self.watch_path):
            for path in (os.path.join(folder, name) for name in names):
                # What is found twice is one run by its key.
                if os.path.isfile(path) and os.stat(path).st_mtime_ns >= self.watched_until_ns - 2_000_000_000:
                    self.written_at_s[path] = time.monotonic()

    def run_what_is_quiet(self) -> None:
        """Has a run made for each file that is written by now."""
        for path, at_s in list(self.written_at_s.items()):
            if time.monotonic() - at_s >= quiet_s:
                del self.written_at_s[path]
                self.run_for(path)

    def run_for(self, path: str) -> None:
        """Has the run of one file made."""
        try:
            state = os.stat(path)
        except FileNotFoundError:
            return  # Somebody was faster.
        # The same state of the same file is the same run, even when this program is started anew.
        key = f"file:{self.workflow_id}:{state.st_ino}:{state.st_mtime_ns}:{state.st_size}"
        params = {} if self.path_param is None else {self.path_param: path}
        result = self.run_workflow(self.workflow_id, params, idempotency_key=key, reason=f"{path} was written")
        if result.success:
            log.info("%s: run %s", path, result.run_id)
        else:
            log.error("%s has no run: %s", path, result.cause)


class Notes(FileSystemEventHandler):
    """Notes the paths of files that are written."""

    def __init__(self, paths: queue.Queue[str]) -> None:
        self.paths = paths

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called by the observer, on its own thread."""
        if event.is_directory or event.event_type not in ("created", "modified", "closed", "moved"):
            return
        path = event.dest_path if isinstance(event, FileSystemMovedEvent) else event.src_path
        if path:
            self.paths.put(os.fsdecode(path))


def inode_of(path: str) -> tuple[int, int]:
    """What tells a directory from another of the same name. Raises `OSError` if there is none."""
    state = os.stat(path)
    return state.st_dev, state.st_ino


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Runs a workflow when a file below a directory is written or moved in."
    )
    parser.add_argument("directory")
    parser.add_argument("workflow")
    parser.add_argument("--param", help="the parameter that is given the file's path")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    FileWatcherListener(arguments.directory, arguments.workflow, arguments.param).start_listening()
