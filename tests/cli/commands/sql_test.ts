import { deepEqual, equal, match, ok } from "node:assert/strict";
import { viewDescriptions } from "../../../src/history/mod.ts";
import { call, temporaryDirectory } from "../call.ts";
import { oneTask, PrincipalScene } from "../principal_scene.ts";

const refusals: [argv: string[], options: { stdin?: string; columns?: number }, sentence: RegExp][] = [
  [[], {}, /No query was given\.\n {2}hint: Give one, such as cdktr sql "SELECT \* FROM runs LIMIT 10"/],
  [["-"], { stdin: " \n" }, /The query on stdin is empty\./],
  [["SELECT 1", "--format", "xml"], {}, /Allowed choices are table, json, csv, parquet\./],
  [["SELECT 1", "--max-rows", "0"], {}, /It must be a whole number from 1 to 100000\./],
  [["SELECT 1", "--timeout", "soon"], {}, /The timeout "soon" cannot be used\.\n {2}hint: .* at most 60s\./],
  [["SELECT 1", "--timeout", "2m"], {}, /The timeout "2m" cannot be used\./],
  [
    ["SELECT 1", "--format", "parquet"],
    { columns: 80 },
    /A Parquet file is no text for a terminal\.\n {2}hint: Name a file/,
  ],
  [["SELECT 1", "--tables"], {}, /--tables and a query were given\./],
];
for (const [argv, options, sentence] of refusals) {
  Deno.test(`sql ${argv.join(" ")} exits 2 before anybody is asked`, async () => {
    const { exitCode, stdout, stderr } = await call(["sql", ...argv], options);
    deepEqual([exitCode, stdout], [2, ""]);
    match(stderr, sentence);
  });
}

Deno.test("sql --tables lists every view with its columns, without a principal", async () => {
  const { exitCode, stdout } = await call(["sql", "--tables"]);
  equal(exitCode, 0);
  match(stdout, /^VIEW +COLUMN +TYPE +MEANING\nruns +run_id +VARCHAR +its id\n/);
  const columns = viewDescriptions.reduce((sum, view) => sum + view.columns.length, 0);
  equal(stdout.trimEnd().split("\n").length, 1 + columns);
  deepEqual(JSON.parse((await call(["sql", "--tables", "--json"])).stdout), viewDescriptions);
});

/** A principal with one completed run and one that waits. */
async function scene(): Promise<PrincipalScene> {
  const started = await PrincipalScene.start({ etl: oneTask });
  await started.trigger("etl");
  await started.reportRun(await started.fetch(), "COMPLETED");
  await started.trigger("etl");
  return started;
}

const states = "SELECT state, count(*) AS count FROM runs GROUP BY state ORDER BY state";

Deno.test("sql prints rows as a table, JSON or CSV; the query may come from stdin", async () => {
  await using principal = await scene();
  const table = await principal.call(["sql", states]);
  deepEqual([table.exitCode, table.stderr], [0, ""]);
  equal(table.stdout, "state      count\nCOMPLETED      1\nPENDING        1\n");
  const json = await principal.call(["sql", "-", "--json"], { stdin: states });
  deepEqual(JSON.parse(json.stdout), [{ state: "COMPLETED", count: 1 }, { state: "PENDING", count: 1 }]);
  const csv = await principal.call(["sql", states, "-f", "csv"]);
  equal(csv.stdout, "state,count\nCOMPLETED,1\nPENDING,1\n");
});

Deno.test("a result that was cut says so on stderr", async () => {
  await using principal = await scene();
  const { exitCode, stdout, stderr } = await principal.call(["sql", "SELECT * FROM range(5)", "--max-rows", "2"]);
  equal(exitCode, 0);
  equal(stdout.trimEnd().split("\n").length, 3);
  equal(stderr, "note: these are the first 2 rows of more; --max-rows gives more, up to 100000\n");
});

Deno.test("a Parquet file goes to --output, also from a terminal", async () => {
  await using principal = await scene();
  await using directory = await temporaryDirectory();
  const workingDirectory = directory.path;
  const flags = ["--format", "parquet", "--output", "states.parquet"];
  const { exitCode, stdout, stderr } = await principal.call(["sql", states, ...flags], {
    workingDirectory,
    columns: 80,
  });
  deepEqual([exitCode, stdout], [0, ""], stderr);
  const bytes = await Deno.readFile(`${directory.path}/states.parquet`);
  equal(new TextDecoder().decode(bytes.subarray(0, 4)), "PAR1");
  ok(bytes.length > 100);
});

for (const statement of ["DROP TABLE runs", "INSERT INTO logstore VALUES (1)", "COPY runs TO 'x'", "SELEC 1"]) {
  Deno.test(`sql "${statement}" is refused in one sentence`, async () => {
    await using principal = await scene();
    const { exitCode, stdout, stderr } = await principal.call(["sql", statement]);
    deepEqual([exitCode, stdout], [2, ""], stderr);
    match(stderr, /^error\[INVALID_ARGUMENT\]: [^\n]+\n(?: {2}hint: [^\n]+\n)?$/);
  });
}
