// A REQ and a REP of npm:zeromq in one process. Prints how many round trips were done: all, or those before a stall.
import { createRequire } from "node:module";
import process from "node:process";

const zmq = createRequire(`${process.env.CDKTR_TEST_NODE_MODULES}/`)("zeromq");
const roundTrips = Number(process.argv[2]);
const stallMs = Number(process.argv[3]);
let done = 0;

let doneBefore = -1;
const end = () => {
  process.stdout.write(`${done}\n`);
  process.exit(0);
};
setInterval(() => {
  if (done === doneBefore) end();
  doneBefore = done;
}, stallMs);

const rep = new zmq.Reply();
await rep.bind("tcp://127.0.0.1:*");
const answer = async () => {
  for await (const [request] of rep) await rep.send(request);
};
answer();
const req = new zmq.Request();
req.connect(rep.lastEndpoint);
while (done < roundTrips) {
  await req.send("ping");
  await req.receive();
  done++;
}
end();
