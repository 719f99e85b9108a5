/** The first command of the README. */
import { deepEqual, equal, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("`deno task demo` runs the example: lines as they come on stdout, a summary on stderr, exit code 0", async () => {
  const kept = await Deno.makeTempDir({ prefix: "cdktr-system-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "demo"],
      cwd: root,
      env: { CDKTR_APP_DATA_DIRECTORY: kept, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const talk = new TextDecoder().decode(stderr);
    equal(code, 0, talk);

    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n").map(parse);
    const said = (task: string) => lines.filter((line) => line.task === task).map(({ text }) => text);
    deepEqual(said("Extract customers"), ["reading customers", "customers: 1200 rows"]);
    deepEqual(said("Join and clean").length, 4);
    deepEqual(said("Load to warehouse"), ["batch 1 of 3 written", "batch 2 of 3 written", "batch 3 of 3 written"]);
    deepEqual(said("Report"), ["customers 1200, products 310, orders 5398", "revenue 86420 EUR"]);
    equal(lines.find(({ mark }) => mark === "!")?.text, "orders: 2 rows without a customer, skipped");
    // All three sources begin before the first of them has its result, and what depends on them comes after them.
    const firstResult = lines.findIndex(({ text }) => text.endsWith(" rows"));
    deepEqual(
      new Set(lines.slice(0, firstResult).map(({ task }) => task)),
      new Set(["Extract customers", "Extract orders", "Extract products"]),
    );
    deepEqual([...new Set(lines.map(({ task }) => task))].slice(-3), ["Join and clean", "Load to warehouse", "Report"]);

    for (
      const task of ["Extract customers", "Extract orders", "Extract products", "Join and clean", "Load to warehouse"]
    ) {
      match(talk, new RegExp(`^${task} +COMPLETED +\\d`, "m"));
    }
    match(talk, /^COMPLETED in \d\.\d s {2}\(run [0-9a-f-]{36}\)$/m);
  } finally {
    await Deno.remove(kept, { recursive: true });
  }
});

function parse(line: string): { task: string; mark: string; text: string } {
  const [, task = "", mark = "", text = ""] = /^\d\d:\d\d:\d\d\.\d{3} (.+?) +([|!]) (.*)$/.exec(line) ?? [];
  equal(task === "", false, `not a line of a task: ${line}`);
  return { task, mark, text };
}
