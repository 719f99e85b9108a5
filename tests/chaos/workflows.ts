/** The workflows of these tests: one task that leaves a mark where it began, and prints numbered lines. */

/** What a counting workflow is made of. */
export interface Counting {
  readonly lines: number;
  /** Rest in the middle of the lines, in seconds. */
  readonly restS: number;
  /** Lines that go above `tasks:`, such as `on_crash: retry`. */
  readonly also?: string;
}

/**
 * A workflow whose task first adds a dot to the file of its run's key in the directory `began`, so that each start is
 * counted by somebody who is no part of cdktr, then prints `line 1` to `line N` with a rest in the middle.
 */
export function countingWorkflow(began: string, { lines, restS, also = "" }: Counting): string {
  const half = Math.ceil(lines / 2);
  const script = `printf . >> ${began}/$CDKTR_PARAM_KEY; seq -f 'line %.0f' 1 ${half}; sleep ${restS}; ` +
    `seq -f 'line %.0f' ${half + 1} ${lines}`;
  return singleTask(script, also);
}

/** A workflow of one task, a line of `sh`. */
export function singleTask(script: string, also = ""): string {
  return `name: Chaos\n${also === "" ? "" : `${also}\n`}tasks:\n  only:\n    name: Only\n` +
    `    config: !Subprocess\n      cmd: sh\n      args: ["-c", ${JSON.stringify(script)}]\n`;
}

/** How often the task of each key has begun. */
export async function readStarts(began: string): Promise<Map<string, number>> {
  const starts = new Map<string, number>();
  for await (const { name } of Deno.readDir(began)) {
    starts.set(name, (await Deno.stat(`${began}/${name}`)).size);
  }
  return starts;
}
