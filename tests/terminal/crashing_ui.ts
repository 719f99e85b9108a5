/** The terminal UI with a fault in what it is given, called as the command line calls it: for ways_out_test.ts. */
import { PrincipalClient } from "../../src/client/mod.ts";
import { guard } from "../../src/cli/guard.ts";
import { processInvocation } from "../../src/cli/invocation.ts";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { asciiGlyphs } from "../../src/paint/mod.ts";
import { runUi, Session } from "../../src/tui/mod.ts";

const [fault] = Deno.args;
const port = (name: string) => Number(Deno.env.get(name));
const invocation = processInvocation();

Deno.exit(
  await guard(invocation, async () => {
    const defect = new AbortController();
    invocation.onStrayError = (error) => defect.abort(error);
    const context = {
      name: "lab",
      open: () => {
        const client = PrincipalClient.overTcp({
          host: "127.0.0.1",
          port: port("CDKTR_PRINCIPAL_PORT"),
          logsInPort: port("CDKTR_LOGS_LISTENING_PORT"),
          logsOutPort: port("CDKTR_LOGS_PUBLISHING_PORT"),
        }, { clock: systemClock, random: systemRandom, version: "0.0.0", role: "test", timeoutMs: 5000 });
        return new Session({ client, clock: systemClock, name: "lab", pollMs: 1000 });
      },
    };
    let draws = 0;
    setTimeout(() => {
      if (fault === "timer") throw new Error("the fault in a timer");
      if (fault === "rejection") void Promise.reject(new Error("the fault that nobody awaited"));
    }, 500);
    invocation.exitCode = await runUi({
      contexts: [context],
      context: context.name,
      route: { screen: "workflows" },
      clock: systemClock,
      glyphs: {
        ...asciiGlyphs,
        get horizontal() {
          if (fault === "drawing" && ++draws > 3) throw new Error("the fault in drawing");
          return asciiGlyphs.horizontal;
        },
      },
      isReadOnly: false,
      theme: "dark",
      colours: 16,
      saveFile: (name) => Promise.resolve(name),
      signal: defect.signal,
    });
  }),
);
