// A REQ and a REP of npm:zeromq in one process; prints how many round trips are done, every hundred.
import { createRequire } from "node:module";
import process from "node:process";

const zmq = createRequire(`${process.env.CDKTR_TEST_NODE_MODULES}/`)("zeromq");
const roundTrips = Number(process.argv[2]);
const rep = new zmq.Reply();
await rep.bind("tcp://127.0.0.1:*");
const req = new zmq.Request();
req.connect(rep.lastEndpoint);
for (let count = 1; count <= roundTrips; count++) {
  await req.send("ping");
  const [request] = await rep.receive();
  await rep.send(request);
  await req.receive();
  if (count % 100 === 0) process.stdout.write(`${count}\n`);
}
process.exit(0);
