/** Log lines on their way from an original agent to original subscribers, and back out of the store. */
import assert from "node:assert/strict";
import { fields, type MadeBy, OriginalPeer, soh } from "./original_peer.ts";
import { Scene, startMs as nowMs } from "./original_scene.ts";
import { findPython, type FoundRuntime, peerTest } from "./peers.ts";

const python = await findPython(["zmq"]);

/** Lines of this workflow tell that a subscription has taken effect, and that all lines before them were heard. */
const mark = "~mark";

/** A line with eight fields. */
function line(workflowId: string, payload: string, more: { timeMs?: number | string; instance?: string } = {}): string {
  const { timeMs = nowMs - 1000, instance = "happy-otter-0" } = more;
  return fields(workflowId, "Daily ETL", instance, "A task", "odd-dog-0", timeMs, "INFO", `STDOUT ${payload}`);
}

/** A principal, a peer with one PUSH connection named `push`, and subscribers. */
class Channel implements AsyncDisposable {
  readonly scene: Scene;
  readonly peer: OriginalPeer;

  private constructor(scene: Scene, peer: OriginalPeer) {
    this.scene = scene;
    this.peer = peer;
  }

  static async open(runtime: FoundRuntime, by: MadeBy = "raw"): Promise<Channel> {
    const scene = await Scene.open();
    const peer = await OriginalPeer.start(runtime);
    await peer.connect("push", "PUSH", scene.ports.logsInPort, by);
    return new Channel(scene, peer);
  }

  /** Subscribes to topics; resolves when they have taken effect. */
  async subscribe(name: string, topics: readonly string[], by: MadeBy = "raw"): Promise<void> {
    await this.peer.connect(name, "SUB", this.scene.ports.logsOutPort, by);
    for (const topic of [...topics, mark]) await this.peer.send(name, [`\x01${topic}`]);
    await this.peer.probe("push", name, line(mark, "begin", { instance: mark }));
  }

  /** Sends messages, each given as one frame or as several. */
  async push(...messages: readonly (string | Uint8Array | readonly string[])[]): Promise<void> {
    for (const message of messages) {
      await this.peer.send("push", typeof message === "string" || message instanceof Uint8Array ? [message] : message);
    }
  }

  /** What a subscriber has heard since, in order, of all that was pushed up to now. */
  async heard(name: string): Promise<string[]> {
    const end = line(mark, `end for ${name}`, { instance: mark });
    await this.push(end);
    const lines: string[] = [];
    for (;;) {
      const reading = await this.peer.read(name);
      assert("frames" in reading, "the principal ended a subscriber's connection");
      const [frame = "", ...others] = reading.frames;
      assert.deepEqual(others, [], "a line is one frame");
      if (frame === end) return lines;
      if (!frame.startsWith(mark + soh)) lines.push(frame);
    }
  }

  /** What QUERYLOGS answers once everything pushed up to now has arrived. */
  async stored(...query: (string | number)[]): Promise<string[]> {
    const reply = await this.peer.ask(this.scene.ports.port, fields("QUERYLOGS", ...query));
    const [token, payload, ...rest] = reply.split(soh);
    assert.deepEqual([token, rest], ["SUCCESS", []]);
    return JSON.parse(payload ?? "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer[Symbol.asyncDispose]();
    await this.scene[Symbol.asyncDispose]();
  }
}

const topics: readonly (readonly [name: string, topics: readonly string[], heard: readonly string[]])[] = [
  ["nothing but the empty topic", [""], ["", "etl", "etl.daily", "etlx", "other"]],
  ["a prefix", ["etl"], ["etl", "etl.daily", "etlx"]],
  ["one workflow, by its id and the separator", [`etl${soh}`], ["etl"]],
  ["a longer prefix", ["etl."], ["etl.daily"]],
  ["two topics that both match", ["etl", "etl.daily"], ["etl", "etl.daily", "etlx"]],
  ["a topic that goes on into the next field", [`etl${soh}Daily`], ["etl"]],
  ["a topic that nothing has", ["nope"], []],
];

for (const by of ["raw", "pyzmq"] satisfies MadeBy[]) {
  peerTest(python, `a subscriber made ${by} hears the lines whose first bytes are its topic`, async (runtime) => {
    await using channel = await Channel.open(runtime, by);
    for (const [name, subscribed] of topics) await channel.subscribe(name, subscribed, by);
    const lines = ["", "etl", "etl.daily", "etlx", "other"].map((id) => line(id, "héllo"));
    await channel.push(...lines);
    for (const [name, , heard] of topics) {
      const wanted = lines.filter((text) => heard.includes(text.split(soh)[0] ?? ""));
      assert.deepEqual(await channel.heard(name), wanted, name);
    }
  });
}

peerTest(
  python,
  "a subscription that is cancelled hears no more, and one made twice has to be cancelled twice",
  async (runtime) => {
    await using channel = await Channel.open(runtime);
    await channel.subscribe("fickle", ["once", "twice", "twice"]);
    await channel.push(line("once", "1"), line("twice", "1"));
    assert.deepEqual(await channel.heard("fickle"), [line("once", "1"), line("twice", "1")]);
    await channel.peer.send("fickle", ["\0once"]);
    await channel.peer.send("fickle", ["\0twice"]);
    // A topic of its own, asked for last, tells when the cancellations have taken effect.
    await channel.peer.send("fickle", ["\x01~after"]);
    await channel.peer.probe("push", "fickle", line("~after", "probe"));
    await channel.push(line("once", "2"), line("twice", "2"));
    const heard = await channel.heard("fickle");
    assert.deepEqual(heard.filter((text) => !text.startsWith("~after")), [line("twice", "2")]);
  },
);

peerTest(python, "exactly eight fields are passed on, however many are sent", async (runtime) => {
  await using channel = await Channel.open(runtime);
  await channel.subscribe("all", [""]);
  const eight = line("etl", "kept");
  await channel.push(
    eight,
    fields(eight, "ninth"),
    fields(eight, ...Array(50).fill("more")),
    fields(eight, ""),
    // The original writes the number anew when it passes a line on.
    line("etl", "plus", { timeMs: `+${nowMs - 1000}` }),
    line("etl", "zeros", { timeMs: `00${nowMs - 1000}` }),
  );
  const heard = await channel.heard("all");
  assert.deepEqual(heard, [eight, eight, eight, eight, line("etl", "plus"), line("etl", "zeros")]);
  await channel.scene.storedLines("happy-otter-0", 6);
});

peerTest(python, "what is no line is dropped, and life goes on", async (runtime) => {
  await using channel = await Channel.open(runtime);
  await channel.subscribe("all", [""]);
  const good = line("etl", "good");
  const parts = good.split(soh);
  const bad: (string | Uint8Array | string[])[] = [
    "",
    soh,
    ...[1, 2, 3, 4, 5, 6, 7].map((count) => parts.slice(0, count).join(soh)),
    [good, good],
    ["", good],
    Uint8Array.from([...new TextEncoder().encode(good), 0xff]),
    ...["", "soon", "-1", "1.5", "1e3", " 1", "0x10"].map((timeMs) => line("etl", "bad time", { timeMs })),
    // The original's store never takes a line again after one of these.
    ...["9223372036854775808", "18446744073709551615", "9".repeat(400)].map((timeMs) =>
      line("etl", "late", { timeMs })
    ),
  ];
  for (const message of bad) await channel.push(message, good);
  assert.deepEqual(await channel.heard("all"), bad.map(() => good));
  const stored = await channel.scene.storedLines("happy-otter-0", bad.length);
  assert.deepEqual(new Set(stored), new Set(["A task INFO STDOUT good"]));
});

peerTest(python, "a line may be empty, long, or hold any character but the separator", async (runtime) => {
  await using channel = await Channel.open(runtime);
  await channel.subscribe("all", [""]);
  const payloads = [
    "",
    " ",
    "x".repeat(247),
    "x".repeat(300),
    "y".repeat(70_000),
    "\0\x02\x1b[31m'\"\\",
    "😀 é 漢\u2028",
  ];
  const lines = payloads.map((payload) => line("etl", payload));
  await channel.push(...lines);
  assert.deepEqual(await channel.heard("all"), lines);
  assert.deepEqual(
    await channel.scene.storedLines("happy-otter-0", lines.length),
    payloads.map((payload) => `A task INFO STDOUT ${payload}`),
  );
});

peerTest(python, "one PUSH connection for each task, as original agents make them, loses nothing", async (runtime) => {
  await using channel = await Channel.open(runtime);
  const { scene, peer } = channel;
  for (let task = 0; task < 30; task++) {
    const by = task % 2 === 0 ? "raw" : "pyzmq";
    await peer.connect("task", "PUSH", scene.ports.logsInPort, by);
    for (let number = 0; number < 10; number++) await peer.send("task", [line("etl", `${task}.${number}`)]);
    await peer.close("task");
  }
  const stored = await scene.storedLines("happy-otter-0", 300);
  for (let task = 0; task < 30; task++) {
    const own = stored.filter((text) => text.startsWith(`A task INFO STDOUT ${task}.`));
    assert.deepEqual(own, Array.from({ length: 10 }, (_, number) => `A task INFO STDOUT ${task}.${number}`));
  }
});

peerTest(python, "a subscriber that vanishes costs the others nothing", async (runtime) => {
  await using channel = await Channel.open(runtime);
  await channel.subscribe("stays", [""]);
  await channel.subscribe("resets", [""]);
  await channel.subscribe("closes", [""]);
  await channel.peer.reset("resets");
  await channel.peer.close("closes");
  const lines = Array.from({ length: 200 }, (_, index) => line("etl", `line ${index}`));
  await channel.push(...lines);
  assert.deepEqual(await channel.heard("stays"), lines);
});

peerTest(python, "QUERYLOGS gives stored lines in both forms, by time, workflow and instance", async (runtime) => {
  await using channel = await Channel.open(runtime);
  const wholeSecond = nowMs - 2023;
  await channel.push(
    line("etl", "first"),
    fields("etl", "Daily ETL", "hissy-viper-0", "B task", "sad-dog-0", wholeSecond, "ERROR", "STDERR oh"),
    line("etl.daily", "third", { timeMs: nowMs - 86_400_001 }),
    line("other", "fourth", { timeMs: nowMs }),
  );
  await channel.scene.until(async () => (await channel.stored(nowMs + 1, 0, "", "")).length === 4);

  const first = "[2026-11-21T09:13:21.023+00:00 INFO] [happy-otter-0/odd-dog-0] STDOUT first";
  const second = "[2026-11-21T09:13:20+00:00 ERROR] [hissy-viper-0/sad-dog-0] STDERR oh";
  const third = "[2026-11-20T09:13:22.022+00:00 INFO] [happy-otter-0/odd-dog-0] STDOUT third";
  const fourth = "[2026-11-21T09:13:22.023+00:00 INFO] [happy-otter-0/odd-dog-0] STDOUT fourth";
  // No order but that of arrival.
  assert.deepEqual(await channel.stored(nowMs + 1, 0, "", ""), [first, second, third, fourth]);
  // The end is exclusive, the start inclusive; a day and until now where they are left out.
  assert.deepEqual(await channel.stored("", "", "", ""), [first, second]);
  assert.deepEqual(await channel.stored(nowMs, wholeSecond, "", ""), [first, second]);
  assert.deepEqual(await channel.stored(nowMs, wholeSecond + 1, "", ""), [first]);
  assert.deepEqual(await channel.stored(nowMs + 1, "", "", ""), [first, second, fourth]);
  assert.deepEqual(await channel.stored("", 0, "etl", ""), [first, second]);
  assert.deepEqual(await channel.stored("", 0, "", "happy-otter-0"), [first, third]);
  assert.deepEqual(await channel.stored("", 0, "etl", "hissy-viper-0", ""), [second]);
  for (const flag of ["v", "0", "false"]) {
    assert.deepEqual(await channel.stored("", "", "", "", flag), [
      "[2026-11-21T09:13:21.023+00:00 INFO] [Daily ETL=happy-otter-0 / A task=odd-dog-0] STDOUT first",
      "[2026-11-21T09:13:20+00:00 ERROR] [Daily ETL=hissy-viper-0 / B task=sad-dog-0] STDERR oh",
    ]);
  }
});
