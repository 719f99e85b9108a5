/** A program that waits until it is interrupted, for process_test.ts. */
import { guard } from "../../src/cli/guard.ts";
import { listenForInterrupt } from "../../src/cli/interrupt.ts";
import { processInvocation } from "../../src/cli/invocation.ts";

const invocation = processInvocation();
const behaviour = Deno.args[0];

Deno.exit(
  await guard(invocation, async () => {
    using interrupt = listenForInterrupt();
    if (behaviour === "stray") void Promise.reject(new Error("lost"));
    const aborted = new Promise((resolve) => interrupt.signal.addEventListener("abort", resolve));
    const keepAlive = setInterval(() => {}, 1000);
    await invocation.stdout.write("ready\n");
    await aborted;
    await invocation.stdout.write("aborted\n");
    if (behaviour === "stubborn") await new Promise(() => {});
    clearInterval(keepAlive);
    interrupt.signal.throwIfAborted();
  }),
);
