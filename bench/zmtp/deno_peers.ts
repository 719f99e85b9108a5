/**
 * One end of one measurement under Deno: our sockets, or bare TCP as the yardstick.
 *
 * Arguments: `zmtp` or `tcp`, the end (`bind` or `connect`), the work, seconds, and for `connect` the port. The binding end
 * prints its port; the end that measures prints a rate.
 */
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { Dealer, Pull, Push, Router } from "../../src/zmtp/mod.ts";

const bodyBytes = 120;
const inFlight = 64;
const warmUpSeconds = 0.2;

const [kind, end, work, secondsText, portText] = Deno.args;
const durationMs = Number(secondsText) * 1_000;
const port = Number(portText);
const options = { clock: systemClock, random: systemRandom };
const body = new Uint8Array(bodyBytes).fill(120);
const empty = new Uint8Array();

const parts: Record<string, () => Promise<void>> = {
  "zmtp bind one": echo,
  "zmtp connect one": () => ask(1),
  "zmtp bind many": echo,
  "zmtp connect many": () => ask(inFlight),
  "zmtp bind stream": take,
  "zmtp connect stream": give,
  "tcp bind one": echoTcp,
  "tcp connect one": askTcp,
};
const part = parts[`${kind} ${end} ${work}`];
if (!part) throw new Error(`There is no part "${Deno.args.join(" ")}".`);
await part();

async function echo(): Promise<void> {
  const router = new Router(options);
  console.log((await router.bind("127.0.0.1", 0)).port);
  router.onMessage = (frames) => void router.trySend(frames);
}

/** Keeps `count` requests in flight and prints the round trips a second. */
async function ask(count: number): Promise<void> {
  const dealer = new Dealer(options);
  await dealer.connectOnce("127.0.0.1", port);
  const request = [empty, body];
  let done = 0;
  let measuredFromMs = 0;
  const startMs = performance.now();
  for (let index = 0; index < count; index++) dealer.trySend(request);
  for (;;) {
    await dealer.receive();
    dealer.trySend(request);
    done++;
    // The clock is read now and then only where it would weigh on the rate.
    if (count > 1 && done % inFlight !== 0) continue;
    const nowMs = performance.now();
    if (measuredFromMs === 0 && nowMs - startMs > warmUpSeconds * 1_000) {
      measuredFromMs = nowMs;
      done = 0;
    } else if (measuredFromMs > 0 && nowMs - measuredFromMs > durationMs) {
      console.log(done / (nowMs - measuredFromMs) * 1_000);
      Deno.exit(0);
    }
  }
}

/** Counts messages and prints how many came a second, once the sender says it is done. */
async function take(): Promise<void> {
  const pull = new Pull(options);
  console.log((await pull.bind("127.0.0.1", 0)).port);
  let count = 0;
  let startMs = 0;
  pull.onMessage = ([frame]) => {
    if (count++ === 0) startMs = performance.now();
    if (frame?.length !== 0) return;
    console.log(count / (performance.now() - startMs) * 1_000);
    Deno.exit(0);
  };
}

async function give(): Promise<void> {
  const push = new Push(options);
  await push.connectOnce("127.0.0.1", port);
  const message = [body];
  const startMs = performance.now();
  while (performance.now() - startMs < durationMs + warmUpSeconds * 1_000) {
    for (let count = 0; count < 256; count++) if (!push.trySend(message)) await push.send(message);
  }
  await push.send([empty]);
  await push.close();
}

async function echoTcp(): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  console.log(listener.addr.port);
  const tcp = await listener.accept();
  tcp.setNoDelay(true);
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await tcp.read(buffer);
    if (count === null) return;
    for (let at = 0; at < count;) at += await tcp.write(buffer.subarray(at, count));
  }
}

async function askTcp(): Promise<void> {
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
  tcp.setNoDelay(true);
  const buffer = new Uint8Array(64 * 1024);
  let done = 0;
  let measuredFromMs = 0;
  const startMs = performance.now();
  for (;;) {
    await tcp.write(body);
    for (let left = bodyBytes; left > 0;) left -= await tcp.read(buffer) ?? left;
    done++;
    const nowMs = performance.now();
    if (measuredFromMs === 0 && nowMs - startMs > warmUpSeconds * 1_000) {
      measuredFromMs = nowMs;
      done = 0;
    } else if (measuredFromMs > 0 && nowMs - measuredFromMs > durationMs) {
      console.log(done / (nowMs - measuredFromMs) * 1_000);
      Deno.exit(0);
    }
  }
}
