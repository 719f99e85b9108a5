"""The original's agent: its messages in their order, its way through the task graph with its mistakes, real processes.

A task starts when *any* of its dependencies is done, once for each of them, and the run is over when as many tasks were
counted as the graph has nodes. Each request goes over a libzmq REQ of its own; each task has a PUSH of its own.
"""

import json
import subprocess
import sys
import threading
import time

import zmq

from original_zmtp import say

setup = json.loads(sys.argv[1])
context = zmq.Context()
context.linger = 2000
over = threading.Event()
lock = threading.Lock()
words = iter(range(1_000_000))


def request(*parts):
    """A new connection, one request, its reply within 3 s, FIN."""
    with context.socket(zmq.REQ) as asking:
        asking.rcvtimeo = asking.sndtimeo = 3000
        asking.connect(f"tcp://127.0.0.1:{setup['port']}")
        asking.send("\x01".join(parts).encode())
        return asking.recv().decode()


def expect_ok(*parts):
    reply = request(*parts)
    if reply != "OK":
        say("refused", request=list(parts), reply=reply)


def new_instance(noun):
    with lock:
        return f"{setup.get('words', 'happy')}-{noun}-{next(words)}"


class Run:
    """One run of one document."""

    def __init__(self, document):
        self.document = document
        self.id = document["id"]
        self.dag = document["dag"]
        self.nodes = self.dag["inner"]["nodes"]
        self.instance = new_instance("otter")
        self.ready = list(self.dag["first_tasks"])
        self.processed = 0
        self.failed = False
        self.started = []
        self.threads = []

    def dependents(self, task):
        index = self.dag["task_id_node_ix_map"][task]
        return [self.nodes[to] for start, to, _ in self.dag["inner"]["edges"] if start == index]

    def skip_after(self, task):
        """Counts every transitive dependent, once for each way to it."""
        for dependent in self.dependents(task):
            self.processed += 1
            self.skip_after(dependent)

    def status(self, status):
        expect_ok("AGENTWORKFLOWSTATUS", setup["agentId"], self.id, self.instance, status)

    def task_status(self, task, instance, status):
        expect_ok("AGENTTASKSTATUS", setup["agentId"], task, instance, self.instance, status)

    def go(self):
        start_time = self.document.get("start_time")
        self.status("RUNNING")
        if not start_time or "T" not in start_time:
            say("stuck", why=f"start_time is {start_time!r}")
            return
        while self.processed != len(self.nodes):
            with lock:
                task = self.ready.pop(0) if self.ready else None
            if task is None:
                time.sleep(setup["pauseMs"] / 1000)
                continue
            instance = new_instance("dog")
            self.started.append(task)
            self.task_status(task, instance, "PENDING")
            thread = threading.Thread(target=self.execute, args=(task, instance), daemon=True)
            self.threads.append(thread)
            thread.start()
        for thread in self.threads:
            thread.join()
        final = "FAILED" if self.failed else "COMPLETED"
        self.status(final)
        say("ended", instance=self.instance, status=final, started=self.started, document=self.document)

    def execute(self, task, instance):
        config = self.dag["task_map"][task]["config"]["Subprocess"]
        self.task_status(task, instance, "RUNNING")
        done = subprocess.run([config["cmd"], *config["args"]], capture_output=True, check=False)
        self.publish(task, instance, done)
        succeeded = done.returncode == 0
        self.task_status(task, instance, "COMPLETED" if succeeded else "FAILED")
        with lock:
            if succeeded:
                self.ready.extend(self.dependents(task))
            else:
                self.failed = True
                self.skip_after(task)
            self.processed += 1

    def publish(self, task, instance, done):
        name = self.dag["task_map"][task]["name"]
        with context.socket(zmq.PUSH) as pushing:
            pushing.connect(f"tcp://127.0.0.1:{setup['logsInPort']}")
            for level, stream, output in [("INFO", "STDOUT", done.stdout), ("ERROR", "STDERR", done.stderr)]:
                for line in output.decode().splitlines():
                    parts = [self.id, self.document["name"], self.instance, name, instance]
                    parts += [str(time.time_ns() // 1_000_000), level, f"{stream} {line}"]
                    pushing.send("\x01".join(parts).encode())


def heartbeat():
    while not over.wait(setup["heartbeatMs"] / 1000):
        expect_ok("REGISTERAGENT", setup["agentId"])


def fetch():
    while not over.is_set():
        reply = request("FETCHWORKFLOW", setup["agentId"])
        if reply == "OK":
            over.wait(setup["pauseMs"] / 1000)
        elif reply.startswith("SUCCESS\x01"):
            document = json.loads(reply.removeprefix("SUCCESS\x01"))
            threading.Thread(target=Run(document).go, daemon=True).start()
        else:
            say("exit", reply=reply)
            return


expect_ok("REGISTERAGENT", setup["agentId"])
threading.Thread(target=heartbeat, daemon=True).start()
threading.Thread(target=fetch, daemon=True).start()
say("ready")
for _ in sys.stdin:
    pass
over.set()
