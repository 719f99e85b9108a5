// One end of one measurement with npm:zeromq. Arguments as in deno_peers.ts, without the kind.
import { createRequire } from "node:module";

const zmq = createRequire(`${process.env.CDKTR_TEST_NODE_MODULES}/`)("zeromq");
const body = Buffer.alloc(120, "x");
const inFlight = 64;
const warmUpMs = 200;

const [end, work, seconds, port] = process.argv.slice(2);
const durationMs = Number(seconds) * 1_000;
const print = (value) => process.stdout.write(`${value}\n`);

async function open(socket) {
  if (end === "bind") {
    await socket.bind("tcp://127.0.0.1:*");
    print(socket.lastEndpoint.split(":").at(-1));
  } else {
    socket.connect(`tcp://127.0.0.1:${port}`);
  }
  return socket;
}

async function echo() {
  const socket = await open(new zmq.Router());
  for await (const message of socket) await socket.send(message);
}

async function ask(count) {
  const socket = await open(new zmq.Dealer());
  const request = [Buffer.alloc(0), body];
  for (let index = 0; index < count; index++) await socket.send(request);
  let done = 0;
  let measuredFromMs = 0;
  const startMs = performance.now();
  for (;;) {
    await socket.receive();
    await socket.send(request);
    done++;
    if (count > 1 && done % inFlight !== 0) continue;
    const nowMs = performance.now();
    if (measuredFromMs === 0 && nowMs - startMs > warmUpMs) {
      measuredFromMs = nowMs;
      done = 0;
    } else if (measuredFromMs > 0 && nowMs - measuredFromMs > durationMs) {
      print(done / (nowMs - measuredFromMs) * 1_000);
      process.exit(0);
    }
  }
}

async function take() {
  const socket = await open(new zmq.Pull());
  let count = 0;
  let startMs = 0;
  for await (const [frame] of socket) {
    if (count++ === 0) startMs = performance.now();
    if (frame.length > 0) continue;
    print(count / (performance.now() - startMs) * 1_000);
    process.exit(0);
  }
}

async function give() {
  const socket = await open(new zmq.Push());
  const startMs = performance.now();
  while (performance.now() - startMs < durationMs + warmUpMs) {
    for (let count = 0; count < 256; count++) await socket.send(body);
  }
  await socket.send("");
}

const parts = {
  "bind one": echo,
  "connect one": () => ask(1),
  "bind many": echo,
  "connect many": () => ask(inFlight),
  "bind stream": take,
  "connect stream": give,
};
await parts[`${end} ${work}`]();
