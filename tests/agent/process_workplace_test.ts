import assert from "node:assert/strict";
import { join } from "node:path";
import { ProcessWorkplace } from "../../src/agent/mod.ts";
import { systemClock } from "../../src/clock/mod.ts";
import { CdktrError } from "../../src/core/mod.ts";
import { isAlive, isGone, kill } from "./processes.ts";

const linux = Deno.build.os === "linux";

class Site implements AsyncDisposable {
  readonly directory = Deno.makeTempDirSync({ prefix: "cdktr-workplace-test-" });
  readonly told: string[] = [];
  readonly #children: Deno.ChildProcess[] = [];

  workplace(graceMs = 5_000): ProcessWorkplace {
    const tell = (sentence: string) => void this.told.push(sentence);
    const log = { info: tell, warn: tell, error: tell };
    return new ProcessWorkplace({ directory: this.directory, clock: systemClock, log, limits: { graceMs } });
  }

  /** Another process with a workplace here, whose task runs; resolves with the numbers that the task printed. */
  async startOther(session: string, script: string): Promise<{ child: Deno.ChildProcess; pids: number[] }> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "tests/agent/doomed_agent.ts", this.directory, session, script],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#children.push(child);
    const { value = new Uint8Array() } = await child.stdout.getReader().read();
    return { child, pids: new TextDecoder().decode(value).match(/\d+/g)?.map(Number) ?? [] };
  }

  /** What is in the directory. */
  names(): string[] {
    return [...Deno.readDirSync(this.directory)].map(({ name }) => name).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      kill(child.pid);
      await child.status;
    }
    await Deno.remove(this.directory, { recursive: true });
  }
}

Deno.test("a workplace is private, and nothing is left of it at the end", async () => {
  await using site = new Site();
  const workplace = site.workplace();
  await workplace.open("one");
  assert.deepEqual(site.names(), ["one", "one.lock"]);
  assert.equal((Deno.statSync(join(site.directory, "one")).mode ?? 0) & 0o777, 0o700);
  assert.equal((Deno.statSync(join(site.directory, "one.lock")).mode ?? 0) & 0o777, 0o600);
  workplace.close();
  workplace.close();
  assert.deepEqual(site.names(), []);
});

Deno.test("several workplaces share a directory, and none touches another's that is in use", async () => {
  await using site = new Site();
  const [one, two] = [site.workplace(), site.workplace()];
  await one.open("one");
  await two.open("two");
  assert.deepEqual(site.names(), ["one", "one.lock", "two", "two.lock"]);
  one.close();
  assert.deepEqual(site.names(), ["two", "two.lock"]);
  await assert.rejects(
    site.workplace().open("two"),
    (error) => error instanceof CdktrError && error.code === "STORAGE" && /is locked by another/.test(error.message),
  );
  assert.deepEqual(site.names(), ["two", "two.lock"]);
  two.close();
});

Deno.test("a directory that cannot be used is named, with what to do", async () => {
  await using site = new Site();
  const file = join(site.directory, "file");
  await Deno.writeTextFile(file, "");
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const workplace = new ProcessWorkplace({ directory: join(file, "agents"), clock: systemClock, log });
  await assert.rejects(
    workplace.open("one"),
    (error) => error instanceof CdktrError && error.code === "STORAGE" && /CDKTR_APP_DATA/.test(error.hint ?? ""),
  );
});

Deno.test({
  name: "what an agent that was killed left running is ended by the next one, and only that",
  ignore: !linux,
  async fn() {
    await using site = new Site();
    // That it removes a file of its own must not hide it.
    const script = 'rm "$CDKTR_OUTPUT"; setsid sleep 300 & sleep 300 & echo $$ $!; exec sleep 300';
    const dead = await site.startOther("dead", script);
    const living = await site.startOther("living", "echo $$; exec sleep 300");
    dead.child.kill("SIGKILL");
    await dead.child.status;
    for (const pid of dead.pids) assert.equal(await isAlive(pid), true, "it outlives its agent");
    const workplace = site.workplace();
    assert.deepEqual(await workplace.open("next"), ["dead"], "it tells who is gone");
    assert.equal(dead.pids.length, 2);
    for (const pid of dead.pids) assert.equal(await isGone(pid), true);
    assert.deepEqual(site.told, ["ended 2 process groups that an agent had left running when it was killed"]);
    assert.deepEqual(site.names(), ["living", "living.lock", "next", "next.lock"]);
    assert.equal(await isAlive(living.pids[0] ?? 0), true, "the task of an agent that lives");
    for (const pid of living.pids) kill(pid);
    workplace.close();
  },
});

Deno.test({
  name: "an orphan that ignores TERM is killed after the grace time",
  ignore: !linux,
  async fn() {
    await using site = new Site();
    const { child, pids } = await site.startOther("dead", "trap '' TERM; echo $$; while :; do sleep 0.05; done");
    child.kill("SIGKILL");
    await child.status;
    const workplace = site.workplace(100);
    await workplace.open("next");
    assert.equal(await isAlive(pids[0] ?? 0), false, "gone by the time the workplace is open");
    workplace.close();
  },
});

Deno.test({
  name: "what a task that had ended left in the background on purpose is not ended with the orphans",
  ignore: !linux,
  async fn() {
    await using site = new Site();
    const session = join(site.directory, "dead");
    const daemon = new Deno.Command("setsid", {
      args: ["sleep", "300"],
      env: { CDKTR_TASK_RUN_ID: "ended", CDKTR_TEST_DAEMON: "1" },
    }).spawn();
    await Deno.mkdir(session);
    // The second is none of ours: with its name one could have any process ended.
    for (const name of ["another", "x\nCDKTR_TEST_DAEMON="]) {
      await Deno.writeTextFile(join(session, `${name}.output`), "");
    }
    const workplace = site.workplace();
    await workplace.open("next");
    assert.equal(await isAlive(daemon.pid), true);
    assert.deepEqual([site.told, site.names()], [[], ["next", "next.lock"]]);
    kill(daemon.pid);
    await daemon.status;
    workplace.close();
  },
});
