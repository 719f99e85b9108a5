/** Each code of an error, mistakes on the command line, and what goes to which output. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { shellWorkflow } from "../../system/workflows.ts";
import { until } from "../outsider.ts";
import { OriginalPrincipal } from "../original.ts";
import type { Ended } from "../../processes.ts";
import { type Block, specification } from "../specification.ts";

/** An error as people see it: nothing on stdout, a sentence and perhaps a hint on stderr. */
function isOneSentence({ code, stdout, stderr }: Ended, exitCode: number, sentence: RegExp): void {
  deepEqual([code, stdout], [exitCode, ""], stderr);
  match(stderr, /^error\[[A-Z_]+\]: [^\n]+[.?]\n(?: {2}hint: [^\n]+\n)?$/);
  match(stderr, sentence);
}

/** Processor time that a process has taken, in hundredths of a second (proc(5), utime). */
async function ticksOf(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[11]);
}

export const errors: Block = {
  hundred: 9,
  title: "Errors and output",
  specifications: [
    specification(
      901,
      "INVALID_ARGUMENT: an option, a value or an argument that cannot be understood, with what is near to it",
      ["INVALID_ARGUMENT", 2],
      async (outsider) => {
        const place = await outsider.place();
        const mistakes: [args: string[], says: RegExp][] = [
          [["nonsense"], /Unknown command 'nonsense'\.\n.*`cdktr --help`/],
          [["runs", "lst"], /Unknown command 'lst'\.\n.*Did you mean list\?/],
          [["start", "agent", "--fast"], /Unknown option '--fast'\.\n.*`cdktr start agent --help`/],
          [["task", "run", "hello", "--wiat"], /Unknown option '--wiat'\.\n.*Did you mean --wait\?/],
          [["runs", "list", "--limit", "many"], /'many' is invalid.* whole number from 1 to /],
          [["runs", "list", "--state", "done"], /'done' is invalid.*FAILED/],
          [["runs", "list", "--since", "2026-02-30"], /'2026-02-30' is invalid/],
          [["runs", "list", "--since", "1h", "--until", "2h"], /range ends before it begins/],
          [["task", "run", "hello", "--timeout", "5s"], /nothing waits\.\n.*--wait/],
          [["task", "run"], /[Mm]issing required argument 'workflow'/],
          [["run", "hello", "goodbye"], /[Tt]oo many arguments/],
          [["sql", ""], /No query was given\./],
          [["runs", "show", ""], /The argument run is empty\.\n.*the run's id/],
          [["logs", "query", "--run="], /The option --run is empty\./],
          [["sql", "SELECT 1", "--format", "xml"], /'xml' is invalid.* table, json, csv, parquet/],
        ];
        for (const [args, says] of mistakes) isOneSentence(await place.call(args), 2, says);
      },
    ),
    specification(
      902,
      "INVALID_SETTING: a flag, a variable or a line of .env with a value that cannot be used, and where it came from",
      ["INVALID_SETTING", 2],
      async (outsider) => {
        const place = await outsider.place();
        const port = /^error\[INVALID_SETTING\]: CDKTR_PRINCIPAL_PORT is "65536" \(from flag --port\), but it must be /;
        isOneSentence(await place.call(["start", "principal", "-p", "65536"]), 2, port);
        const level = /CDKTR_LOG_LEVEL is "LOUD" \(from the environment\), but it must be one of /;
        isOneSentence(await place.call(["status"], { CDKTR_LOG_LEVEL: "LOUD" }), 2, level);
        await Deno.writeTextFile(`${place.path}/.env`, "\nCDKTR_RETRY_ATTEMPTS=-1\n");
        isOneSentence(await place.call(["status"]), 2, /CDKTR_RETRY_ATTEMPTS is "-1" \(from .*\.env/);
      },
    ),
    specification(
      903,
      "INVALID_WORKFLOW: a file that is to be run has errors, which are listed before",
      ["INVALID_WORKFLOW", 2],
      async (outsider) => {
        const place = await outsider.place();
        await place.write("broken", "name: Broken\ntasks:\n  a: {}\n");
        const { code, stdout, stderr } = await place.call(["run", "workflows/broken.yml"]);
        deepEqual([code, stdout], [2, ""]);
        match(
          stderr,
          /^workflows\/broken\.yml:3:\d+: error: [^]*\nerror\[INVALID_WORKFLOW\]: .*broken\.yml.*\n {2}hint: /,
        );
      },
    ),
    specification(
      904,
      "INVALID_PARAMETERS: a parameter of a run cannot be used, and why",
      ["INVALID_PARAMETERS", 2],
      async (outsider) => {
        const place = await outsider.place();
        const wrong: [param: string, says: RegExp][] = [
          ["day", /"day" cannot be used: it has no `=`/],
          ["1day=x", /"1day=x" cannot be used: a name has letters/],
          ["day=2026-02-30", /day/],
          ["table=orders", /day/],
        ];
        for (const [param, says] of wrong) isOneSentence(await place.call(["run", "dated", "-p", param]), 2, says);
      },
    ),
    specification(
      905,
      "AMBIGUOUS: the beginning of an id fits more than one run, two of which are named",
      ["AMBIGUOUS", 2],
      async (outsider) => {
        const place = await outsider.place();
        await place.startPrincipal();
        const [one] = [await place.trigger("hello"), await place.trigger("hello")];
        const says =
          /^error\[AMBIGUOUS\]: More than one run has an id that begins with "0"\.\n {2}hint: .* two of them/;
        isOneSentence(await place.call(["runs", "cancel", one.slice(0, 1)]), 2, says);
      },
    ),
    specification(
      906,
      "NOT_FOUND: no workflow, run or file of that name",
      ["NOT_FOUND", 3],
      async (outsider) => {
        const place = await outsider.served();
        isOneSentence(await place.call(["run", "etl.nightly"]), 3, /"etl\.nightly" in workflows\.\n.*`cdktr validate`/);
        isOneSentence(await place.call(["task", "run", "etl.nightly"]), 3, /etl\.nightly/);
        isOneSentence(await place.call(["runs", "show", "ffff"]), 3, /ffff/);
        const elsewhere = { CDKTR_WORKFLOW_DIR: "elsewhere" };
        const says = /^error\[NOT_FOUND\]: The workflow directory elsewhere does not exist\.\n/;
        isOneSentence(await place.call(["start", "principal"], elsewhere), 3, says);
      },
    ),
    specification(
      907,
      "UNREACHABLE: nothing listens where the principal ought to be, or what does is none; and how one is started",
      ["UNREACHABLE", 5],
      async (outsider) => {
        const place = await outsider.place();
        const args = ["status", "--principal-host", "127.0.0.1", "--principal-port", "1"];
        const says =
          /^error\[UNREACHABLE\]: The principal at 127\.0\.0\.1:1 does not answer\.\n.*`cdktr start principal`/;
        isOneSentence(await place.call(args), 5, says);
      },
    ),
    specification(
      908,
      "SHUTTING_DOWN: the principal ends, and takes no more requests that would have to wait",
      ["SHUTTING_DOWN", 5],
      async (outsider) => {
        const place = await outsider.place();
        const principal = await place.startPrincipal();
        const waiting = place.start(["task", "run", "hello", "--wait"]);
        await waiting.printed(/^\S+$/);
        const before = await ticksOf(principal.pid);
        const query = place.start([
          "sql",
          "SELECT count(*) FROM range(10000000) a, range(10000000) b",
          "--timeout",
          "4s",
        ]);
        // Nothing tells that the query is under way, but what it costs: an idle principal needs next to nothing.
        const isUnderWay = async () => await ticksOf(principal.pid) >= before + 50;
        await Promise.race([until(isUnderWay, "a query to be under way"), query.ended]);
        principal.kill("SIGTERM");
        equal((await waiting.exit()).code, 5);
        equal((await query.exit()).code, 5);
        equal((await principal.exit()).code, 0);
      },
    ),
    specification(
      909,
      "TIMED_OUT: a wait ended before what it waited for, and what goes on all the same",
      ["TIMED_OUT", 6],
      async (outsider) => {
        const place = await outsider.place();
        await place.startPrincipal();
        const { code, stderr } = await place.call(["task", "run", "hello", "--wait", "--timeout", "100ms"]);
        equal(code, 6);
        match(stderr, /^error\[TIMED_OUT\]: Run \S+ is still PENDING after 0\.1 s\.\n {2}hint: It goes on\. /);
      },
    ),
    specification(
      910,
      "CONFLICT: understood, and not possible as things stand",
      ["CONFLICT", 1],
      async (outsider) => {
        const place = await outsider.served();
        const runId = await place.triggerToEnd("hello");
        isOneSentence(await place.call(["runs", "cancel", runId]), 1, /^error\[CONFLICT\]: .*COMPLETED/);
      },
    ),
    specification(
      911,
      "LIMIT_EXCEEDED: a limit was reached, which is named",
      ["LIMIT_EXCEEDED", 1],
      async (outsider) => {
        const place = await outsider.place();
        const ended = await place.shell(`head -c 2000000 /dev/zero | tr '\\0' ' ' | "$CDKTR" sql -`);
        isOneSentence(ended, 1, /^error\[LIMIT_EXCEEDED\]: Stdin has more than 1048576 bytes\.\n/);
      },
    ),
    specification(
      912,
      "ADDRESS_IN_USE: another program has the port, which is named",
      ["ADDRESS_IN_USE", 1],
      async (outsider) => {
        const place = await outsider.place();
        using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const { port } = listener.addr;
        const says = new RegExp(`^error\\[ADDRESS_IN_USE\\]: Cannot listen on 127\\.0\\.0\\.1:${port}: `);
        isOneSentence(await place.call(["start", "principal", "--port", String(port)]), 1, says);
      },
    ),
    specification(
      913,
      "STORAGE: a file or directory cannot be read or written, with its path",
      ["STORAGE", 1],
      async (outsider) => {
        const place = await outsider.place();
        await Deno.writeTextFile(`${place.path}/kept`, "a file is in the way");
        const says = /^error\[STORAGE\]: Cannot make the data directory .*\/kept: /;
        isOneSentence(await place.call(["start", "principal"]), 1, says);
        isOneSentence(await place.call(["run", "hello"]), 1, says);
        isOneSentence(await place.call(["init", "kept"]), 1, /\/kept\b/);
      },
    ),
    specification(
      914,
      "STORAGE: a journal that is damaged is not opened, and not changed",
      ["start principal", "STORAGE", 1],
      async (outsider) => {
        const place = await outsider.place();
        await Deno.mkdir(`${place.path}/kept`);
        const text = "this was a database\n".repeat(1000);
        await Deno.writeTextFile(`${place.path}/kept/state.db`, text);
        isOneSentence(await place.call(["start", "principal"]), 1, /^error\[STORAGE\]: .*\/kept\/state\.db /);
        equal(await Deno.readTextFile(`${place.path}/kept/state.db`), text);
      },
    ),
    specification(
      915,
      "UNSUPPORTED: the principal is an original one, which cannot do what was asked",
      ["UNSUPPORTED", 1],
      async (outsider) => {
        using original = new OriginalPrincipal();
        const place = await outsider.place({ CDKTR_PRINCIPAL_PORT: String(original.port) });
        const says = /^error\[UNSUPPORTED\]: The principal at \S+ is an original cdktr, which cannot STATUS\./;
        isOneSentence(await place.call(["status"]), 1, says);
        equal((await place.call(["task", "list"])).code, 0);
      },
    ),
    specification(
      931,
      "A command that needs another word below it answers with its help on stderr, and 2",
      [2],
      async (outsider) => {
        const place = await outsider.place();
        for (const args of [[], ["runs"], ["task"], ["start"], ["agents"], ["config"]]) {
          const { code, stdout, stderr } = await place.call(args);
          deepEqual([code, stdout], [2, ""]);
          match(stderr, /^Usage: cdktr .*\n[^]*\nCommands:\n/);
        }
      },
    ),
    specification(
      941,
      "Data goes to stdout and nothing else does: what is said about it goes to stderr",
      ["validate", "runs list", "config list"],
      async (outsider) => {
        const place = await outsider.place({ CDKTR_TYPO: "1" });
        await place.startPrincipal();
        const empty = await place.call(["runs", "list"]);
        deepEqual([empty.stdout, empty.stderr], ["", "There are no runs yet.\n"]);
        JSON.parse((await place.call(["runs", "list", "--json"])).stdout);
        JSON.parse((await place.call(["config", "list", "--json"])).stdout);
        JSON.parse((await place.call(["validate", "--json"])).stdout);
      },
    ),
    specification(
      942,
      "Where stdout is no terminal, or NO_COLOR is set on one, nothing is coloured",
      ["doctor"],
      async (outsider) => {
        const place = await outsider.served();
        const coloured = await place.shell(`script -qec '"$CDKTR" doctor' /dev/null`, { TERM: "xterm" });
        match(coloured.stdout, /\x1b\[32mok/);
        const plain = await place.shell(`script -qec '"$CDKTR" doctor' /dev/null`, { TERM: "xterm", NO_COLOR: "1" });
        for (const { stdout } of [plain, await place.call(["doctor"], { TERM: "xterm" })]) {
          match(stdout, /^ok +/m);
          equal(stdout.includes("\x1b"), false);
        }
      },
      { needs: "script" },
    ),
    specification(
      943,
      "A reader that leaves early, such as `head -1`, is no error",
      ["run", "schema"],
      async (outsider) => {
        const place = await outsider.place();
        await place.write("long", shellWorkflow({ only: { run: "seq 100000" } }));
        for (const line of ['"$CDKTR" run long', '"$CDKTR" schema', '"$CDKTR" --version']) {
          const { stdout, stderr } = await place.shell(`{ ${line} 2>&3; echo "exit $?" >&3; } 3>&2 | true`);
          deepEqual([stdout, stderr.split("\n").filter((said) => /error|exit/.test(said))], ["", ["exit 0"]]);
        }
        match((await place.shell('"$CDKTR" run long 2>&1 | head -1')).stdout, /^\S+ Task only \| 1\n$/);
      },
    ),
    specification(
      944,
      "Where stdout cannot be written, as on a full disk, that is an error and no defect",
      ["STORAGE", 1],
      async (outsider) => {
        const place = await outsider.place();
        for (const line of ['"$CDKTR" schema', '"$CDKTR" run hello', '"$CDKTR" --help']) {
          const { code, stderr } = await place.shell(`exec ${line} > /dev/full`);
          equal(code, 1, `${line}: ${stderr}`);
          match(stderr, /^error\[STORAGE\]: Stdout cannot be written: .*\n/m);
        }
      },
    ),
    specification(
      945,
      "Where it happened is told with CDKTR_LOG_LEVEL=DEBUG, and only then",
      ["UNREACHABLE"],
      async (outsider) => {
        const place = await outsider.place({ CDKTR_PRINCIPAL_PORT: "1" });
        const trace = /^ +at .*:\d+/m;
        match((await place.call(["status"], { CDKTR_LOG_LEVEL: "DEBUG" })).stderr, trace);
        ok(!trace.test((await place.call(["status"])).stderr));
      },
    ),
    specification(
      946,
      "What files, arguments and settings hold cannot steer the terminal of who reads about it",
      [1, 2, 3],
      async (outsider) => {
        const place = await outsider.place();
        const hostile = "\x1b]0;forged\x07\x1b[2J";
        await place.write("hostile", shellWorkflow({ only: { run: "true" } }).replace("For a test", '"\\e[2J"'));
        const told = [
          await place.call(["run", hostile]),
          await place.call(["validate", hostile]),
          await place.call([hostile]),
          await place.call(["status"], { CDKTR_LOG_LEVEL: hostile }),
          await place.call(["run", "hello", "-p", hostile]),
          await place.call(["run", "workflows/hostile.yml"]),
        ];
        for (const { stdout, stderr } of told) equal(`${stdout}${stderr}`.includes("\x1b"), false);
        deepEqual(told.map(({ code }) => code), [3, 3, 2, 2, 2, 2]);
        await place.write("broken", 'name: "\\e[2J"\ntasks: "\\e[2J"\n');
        equal((await place.call(["validate"])).stdout.includes("\x1b"), false);
      },
    ),
  ],
};
