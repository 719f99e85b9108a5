/** What a principal and an agent tell the service manager that started them, to a real socket; and what SIGHUP does. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findPython, peerTest } from "../interop/peers.ts";
import { HeldTask } from "./held_task.ts";
import { type CdktrProcess, commandLine, Place, within } from "./processes.ts";
import { shellWorkflow } from "./workflows.ts";

const receiverPath = fileURLToPath(new URL("notify_receiver.py", import.meta.url));
const terminalPath = fileURLToPath(new URL("in_terminal.py", import.meta.url));
const python = await findPython(["pty"]);

/** A datagram, and when it came, in microseconds of the monotonic clock. */
interface Notification {
  readonly usec: number;
  readonly text: string;
}

/** The socket of a service manager. */
class Receiver implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #notifications: ReadableStreamDefaultReader<Notification>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(splitLines());
    this.#notifications = lines.getReader();
  }

  static async at(python: string, address: string): Promise<Receiver> {
    const args = [receiverPath, address];
    const receiver = new Receiver(new Deno.Command(python, { args, stdout: "piped", stdin: "null" }).spawn());
    equal((await receiver.next()).text, "bound");
    return receiver;
  }

  async next(): Promise<Notification> {
    const { value } = await within(this.#notifications.read(), "a notification", () => "");
    if (value === undefined) throw new Error("the receiver ended");
    return value;
  }

  /** The next one that begins so; the others before it are passed over. */
  async until(beginning: string): Promise<Notification> {
    for (;;) {
      const notification = await this.next();
      if (notification.text.startsWith(beginning)) return notification;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#notifications.cancel();
  }
}

function splitLines(): TransformStream<string, Notification> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) controller.enqueue(JSON.parse(line));
    },
  });
}

async function principalOf(
  place: Place,
  env: Record<string, string>,
  through: readonly string[] = [],
): Promise<CdktrProcess> {
  Object.assign(place.env, env);
  return await place.startPrincipal([], through);
}

for (const kind of ["a path", "an abstract name"] as const) {
  peerTest(
    python,
    `a principal tells a service manager at ${kind} when it listens, reads its settings again, and stops`,
    async ({ command }) => {
      await using place = await Place.make();
      await place.write("quick", shellWorkflow({ only: { run: "echo done" } }));
      const address = kind === "a path" ? `${place.path}/notify` : `@${place.path}/notify`;
      await using receiver = await Receiver.at(command, address);
      await using principal = await principalOf(place, { NOTIFY_SOCKET: address });
      const port = place.env["CDKTR_PRINCIPAL_PORT"];
      const { text } = await receiver.next();
      match(text, new RegExp(`^READY=1\\nSTATUS=serves 1 workflow on 127\\.0\\.0\\.1:${port}, logs in on \\d+`));
      (await Deno.connect({ hostname: "127.0.0.1", port: Number(port) })).close();

      const beforeUsec = monotonicUsec(command);
      principal.kill("SIGHUP");
      const reloading = await receiver.next();
      const [, usec] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading.text) ?? [];
      ok(Number(usec) >= beforeUsec && Number(usec) <= reloading.usec, `${beforeUsec} <= ${usec} <= ${reloading.usec}`);
      match((await receiver.next()).text, /^READY=1\nSTATUS=serves 1 workflow/);

      await place.write("another", shellWorkflow({ only: { run: "echo done" } }));
      match((await receiver.next()).text, /^STATUS=serves 2 workflows on /);

      equal((await principal.end()).code, 0);
      equal((await receiver.next()).text, "STOPPING=1\nSTATUS=stopping");
    },
  );
}

/** CLOCK_MONOTONIC, which a child process reads. */
function monotonicUsec(python: string): number {
  const script = "import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)";
  const { stdout } = new Deno.Command(python, { args: ["-c", script] }).outputSync();
  return Number(new TextDecoder().decode(stdout));
}

peerTest(
  python,
  "signs of life come twice in the time that the service manager waits, and none from a process that hangs",
  async ({ command }) => {
    await using place = await Place.make();
    const address = `${place.path}/notify`;
    await using receiver = await Receiver.at(command, address);
    const timeoutUsec = 1_000_000;
    await using principal = await principalOf(place, { NOTIFY_SOCKET: address, WATCHDOG_USEC: String(timeoutUsec) });
    await receiver.until("READY=1");
    await receiver.until("WATCHDOG=1");
    const signs = [await receiver.next(), await receiver.next(), await receiver.next()];
    deepEqual(signs.map(({ text }) => text), ["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
    const [first, , third] = signs;
    const tookUsec = (third?.usec ?? 0) - (first?.usec ?? 0);
    ok(tookUsec > timeoutUsec * 0.9 && tookUsec < timeoutUsec * 3, `two signs took ${tookUsec} µs`);

    principal.kill("SIGSTOP");
    const stoppedUsec = monotonicUsec(command);
    const next = receiver.until("WATCHDOG=1").then(async (sign) =>
      sign.usec < stoppedUsec ? await receiver.next() : sign
    );
    const silence = AbortSignal.timeout(timeoutUsec / 1000);
    await new Promise<void>((resolve) => silence.addEventListener("abort", () => resolve()));
    principal.kill("SIGCONT");
    const { usec } = await next;
    ok(usec - stoppedUsec > timeoutUsec * 0.9, "no sign while it was stopped");
  },
);

peerTest(python, "signs of life are for the process that WATCHDOG_PID names", async ({ command }) => {
  await using place = await Place.make();
  const address = `${place.path}/notify`;
  await using receiver = await Receiver.at(command, address);
  const env = { NOTIFY_SOCKET: address, WATCHDOG_USEC: "20000", WATCHDOG_PID: "1" };
  await using principal = await principalOf(place, env);
  match((await receiver.next()).text, /^READY=1/);
  principal.kill("SIGHUP");
  match((await receiver.next()).text, /^RELOADING=1/);
  match((await receiver.next()).text, /^READY=1/);
  equal((await principal.end()).code, 0);
  match((await receiver.next()).text, /^STOPPING=1/);
});

peerTest(
  python,
  "an agent is ready before its principal is there, says when it works for it, and its tasks find no service manager",
  async ({ command }) => {
    await using place = await Place.make();
    const script = 'env | grep -E "^(NOTIFY_SOCKET|WATCHDOG_)" || echo "no service manager"';
    await place.write("look", shellWorkflow({ only: { run: script } }));
    const address = `${place.path}/notify`;
    await using receiver = await Receiver.at(command, address);
    // A port where nothing listens until the principal takes it.
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    place.env["CDKTR_PRINCIPAL_PORT"] = String(listener.addr.port);
    listener.close();
    const env = { NOTIFY_SOCKET: address, WATCHDOG_USEC: "60000000" };
    await using agent = place.start(["start", "agent"], env);
    match((await receiver.until("READY=1")).text, /^READY=1\nSTATUS=looks for the principal at 127\.0\.0\.1:\d+$/);
    await using _principal = await place.startPrincipal();
    match((await receiver.until("STATUS=")).text, /^STATUS=works for the principal at 127\.0\.0\.1:\d+$/);
    const { stdout } = await place.call(["task", "run", "look", "--wait"]);
    const runId = stdout.trim().split("\n")[0] ?? "";
    const logs = await place.call(["logs", "query", "--run", runId]);
    match(logs.stdout, /no service manager/);
    agent.kill("SIGTERM");
    await receiver.until("STOPPING=1");
    equal((await agent.ended).code, 0);
  },
);

peerTest(python, "a service manager that takes nothing is one warning", async () => {
  await using place = await Place.make();
  const env = { NOTIFY_SOCKET: `${place.path}/nobody`, WATCHDOG_USEC: "20000" };
  await using principal = await principalOf(place, env);
  await principal.said(/the service manager is told nothing: The service manager does not take notifications\./);
  principal.kill("SIGHUP");
  await principal.said(/the workflow files were read again: 0 workflows/);
  const { code, stderr } = await principal.end();
  equal(code, 0);
  equal(stderr.match(/is told nothing/g)?.length, 1);
});

Deno.test("SIGHUP has a principal without a terminal take over what can change, and say what needs a restart", async () => {
  await using place = await Place.make();
  await using principal = await place.startPrincipal();
  const dotenv = `${place.path}/.env`;
  await Deno.writeTextFile(dotenv, "CDKTR_LOG_RETENTION=7d\nCDKTR_STATE_PATH=/elsewhere\nCDKTR_TUI_THEME=light\n");
  principal.kill("SIGHUP");
  await principal.said(
    /CDKTR_STATE_PATH is \/elsewhere now, which needs a restart; until then it stays .*state\.db$/,
  );
  await principal.said(/CDKTR_LOG_RETENTION is 7d from now on; it was 30d$/);

  await Deno.writeTextFile(dotenv, "CDKTR_LOG_RETENTION=8d\nCDKTR_LOG_LEVEL=loud\n");
  principal.kill("SIGHUP");
  await principal.said(/nothing was read again and all stays as it was: CDKTR_LOG_LEVEL is "loud"/);

  await Deno.writeTextFile(dotenv, "CDKTR_LOG_RETENTION=7d\nCDKTR_LOG_LEVEL=WARN\n");
  principal.kill("SIGHUP");
  await Deno.writeTextFile(`${place.path}/workflows/bad.yml`, "name: x\n");
  await principal.said(/WARN +workflows: .*bad\.yml/);
  await Deno.writeTextFile(dotenv, "CDKTR_LOG_RETENTION=7d\nCDKTR_LOG_LEVEL=INFO\n");
  principal.kill("SIGHUP");
  await principal.said(/CDKTR_LOG_LEVEL is INFO from now on; it was WARN/);
  const { code, stderr } = await principal.end();
  equal(code, 0);
  equal(/is 8d|TUI_THEME/.exec(stderr), null);
  equal(stderr.match(/CDKTR_LOG_RETENTION is/g)?.length, 1);
});

Deno.test("SIGHUP has an agent without a terminal take over how much it runs and what its tasks inherit", async () => {
  await using place = await Place.make();
  await place.write("greet", shellWorkflow({ only: { run: "echo $GREETING" } }));
  await using _principal = await place.startPrincipal();
  await using client = place.client();
  const dotenv = `${place.path}/.env`;
  await Deno.writeTextFile(dotenv, "GREETING=hello\n");
  await using agent = await place.startAgent();
  await Deno.writeTextFile(dotenv, "GREETING=welcome\nCDKTR_AGENT_MAX_CONCURRENCY=7\nCDKTR_AGENT_LABELS=gpu\n");
  agent.kill("SIGHUP");
  await agent.said(/CDKTR_AGENT_MAX_CONCURRENCY is 7 from now on; it was 5/);
  await agent.said(/CDKTR_AGENT_LABELS is gpu now, which needs a restart/);
  while (!(await client.call("STATUS", {})).agents.some(({ slots }) => slots === 7));
  const { stdout } = await place.call(["task", "run", "greet", "--wait"]);
  const logs = await place.call(["logs", "query", "--run", stdout.trim().split("\n")[0] ?? ""]);
  match(logs.stdout, /welcome/);
  equal((await agent.end()).code, 0);
});

peerTest(python, "SIGHUP ends a principal that lives in a terminal, in good order", async ({ command }) => {
  await using place = await Place.make();
  const args = [terminalPath, "serves 0 workflows", "SIGHUP", ...commandLine, "start", "principal"];
  const inherited = Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("CDKTR_"));
  const env = { ...Object.fromEntries(inherited), ...place.env };
  const { stdout } = await new Deno.Command(command, { args, cwd: place.path, clearEnv: true, env }).output();
  const text = new TextDecoder().decode(stdout);
  match(text, /principal: stopping[^]*\nexit status 0\n$/);
});

peerTest(python, "an agent that is to end says what it finishes before", async ({ command }) => {
  await using place = await Place.make();
  const held = await HeldTask.make(place.path);
  await place.write("held", shellWorkflow({ only: { run: held.run } }));
  const address = `${place.path}/notify`;
  await using _principal = await place.startPrincipal();
  await using receiver = await Receiver.at(command, address);
  await using agent = await place.startAgent([], { NOTIFY_SOCKET: address });
  await place.call(["task", "run", "held"]);
  await held.begun();
  agent.kill("SIGTERM");
  equal((await receiver.until("STOPPING=1")).text, "STOPPING=1\nSTATUS=finishes 1 run");
  agent.kill("SIGHUP");
  await agent.said(/the settings were read again: none has changed/);
  await held.release();
  equal((await agent.ended).code, 0);
});

peerTest(
  python,
  "a principal whose journal cannot be written gives signs of life all the same",
  async ({ command }) => {
    await using place = await Place.make();
    await place.write("quick", shellWorkflow({ only: { run: "echo done" } }));
    const address = `${place.path}/notify`;
    await using receiver = await Receiver.at(command, address);
    const env = { NOTIFY_SOCKET: address, WATCHDOG_USEC: "400000" };
    // A write beyond the limit is to fail, as on a full disk, and not to end the process.
    await using principal = await principalOf(place, env, ["env", "--ignore-signal=XFSZ"]);
    const limitFiles = async (bytes: string) => {
      const args = [`--pid=${principal.pid}`, `--fsize=${bytes}:unlimited`];
      ok((await new Deno.Command("prlimit", { args }).output()).success);
    };
    await limitFiles("0");
    await using trigger = place.start(["task", "run", "quick"]);
    await principal.said(/Cannot write the journal/);
    const failedUsec = monotonicUsec(command);
    const signs: number[] = [];
    while (signs.length < 4) {
      const { usec } = await receiver.until("WATCHDOG=1");
      if (usec > failedUsec) signs.push(usec);
    }
    match((await place.call(["task", "run", "quick"])).stderr, /^error\[STORAGE\]/);
    await limitFiles("unlimited");
    await trigger.ended;
    while ((await place.call(["task", "run", "quick"])).code !== 0);
    equal((await principal.end()).code, 0);
  },
);
