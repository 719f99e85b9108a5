// An npm:zeromq peer for the interoperation tests: one socket, one part to play, told as JSON in the first argument.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const zmq = createRequire(`${process.env.CDKTR_TEST_NODE_MODULES}/`)("zeromq");
const types = {
  REQ: zmq.Request,
  REP: zmq.Reply,
  DEALER: zmq.Dealer,
  ROUTER: zmq.Router,
  PUSH: zmq.Push,
  PULL: zmq.Pull,
  PUB: zmq.Publisher,
  SUB: zmq.Subscriber,
};

const say = (event, fields = {}) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
const frame = (size) => Buffer.from(Uint8Array.from({ length: size }, (_, index) => ((index % 251) * 7 + size) % 251));

const setup = JSON.parse(process.argv[2]);
const messages = setup.messages.map((sizes) => sizes.map(frame));
const socket = new types[setup.type]({ linger: 1000 });
if (setup.type === "SUB") socket.subscribe("T");
if ("connect" in setup) {
  socket.connect(`tcp://127.0.0.1:${setup.connect}`);
  say("ready");
} else {
  await socket.bind("tcp://127.0.0.1:*");
  say("ready", { port: Number(socket.lastEndpoint.split(":").at(-1)) });
}

let go = false;
createInterface({ input: process.stdin }).on("line", () => go = true).on("close", () => {
  socket.close();
  process.exitCode ??= 0;
});

function check(got, wanted) {
  if (
    Buffer.concat(got).equals(Buffer.concat(wanted)) && got.every((part, index) => part.length === wanted[index].length)
  ) {
    return;
  }
  say("wrong", { got: got.map((part) => part.length), wanted: wanted.map((part) => part.length) });
  process.exit(1);
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const parts = {
  async ask() {
    const lead = setup.delimiter ? [Buffer.alloc(0)] : [];
    for (const message of messages) {
      await socket.send([...lead, ...message]);
      check(await socket.receive(), [...lead, ...message]);
    }
  },
  async send() {
    for (const message of messages) await socket.send(message);
  },
  async take() {
    for (const message of messages) check(await socket.receive(), message);
  },
  async publish() {
    while (!go) {
      await socket.send(["Tprobe"]);
      await pause(10);
    }
    for (const message of messages) {
      await socket.send(["noise"]);
      await socket.send([Buffer.from("T"), ...message]);
    }
  },
  async subscribe() {
    check(await socket.receive(), [Buffer.from("Tprobe")]);
    say("probe");
    let got = await socket.receive();
    while (got[0].equals(Buffer.from("Tprobe"))) got = await socket.receive();
    for (const [index, message] of messages.entries()) {
      check(index === 0 ? got : await socket.receive(), [Buffer.from("T"), ...message]);
    }
  },
  async echo() {
    for await (const message of socket) await socket.send(message);
  },
};
await parts[setup.part]();
say("done");
