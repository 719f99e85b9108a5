/** The jobs of a crontab as workflows, one each. */
import { type Imported, imported, type ImportResult, type Remark } from "../imported.ts";
import { freeId, idOf, nameOf, programOf } from "../job_name.ts";
import { type CrontabJob, readCrontab, type Variable } from "./crontab.ts";

/** How a crontab is to be read. */
export interface CrontabOptions {
  /** Its name, for messages. */
  readonly file: string;
  /** Whether a user stands before each command, as in /etc/crontab. */
  readonly isSystem: boolean;
  /** The zone of the clock that cron goes by where the crontab names none: an IANA name. */
  readonly timezone: string;
}

/** Variables that steer cron and mean nothing to the command. */
const cronVariables: ReadonlyMap<string, string> = new Map([
  [
    "MAILTO",
    "cdktr sends no mail; `cdktr logs query` shows what was printed, `cdktr runs list --state failed` what failed",
  ],
  ["MAILFROM", "cdktr sends no mail"],
  ["CONTENT_TYPE", "cdktr sends no mail"],
  ["CONTENT_TRANSFER_ENCODING", "cdktr sends no mail"],
  ["RANDOM_DELAY", "cdktr starts it on time"],
]);

/**
 * Makes a workflow of each job.
 *
 * @throws {CdktrError} INVALID_WORKFLOW for a job that no workflow can hold.
 */
export function importCrontab(text: string, options: CrontabOptions): ImportResult {
  const { file, isSystem } = options;
  const { jobs, faults } = readCrontab(text, file, isSystem);
  if (faults.length > 0) return { workflows: [], faults };
  const taken = new Set<string>();
  return { workflows: jobs.map((job) => workflowOf(job, options, taken)), faults: [] };
}

function workflowOf(job: CrontabJob, { file, timezone }: CrontabOptions, taken: Set<string>): Imported {
  const { line, text, schedule, command, stdin, user, comment, variables } = job;
  const name = nameOf(programOf(command));
  const shell = variables.get("SHELL")?.value ?? "/bin/sh";
  const { env, notes } = sortVariables(variables, file);
  const sentences = [
    ...schedule.notes,
    ...user === null ? [] : [`It ran as ${user}; a task runs as the user of its agent.`],
  ];
  return imported({
    id: freeId(idOf(name), taken),
    file,
    line,
    origin: [text],
    notes: [...sentences.map((sentence) => ({ file, line, sentence })), ...notes],
    draft: {
      name,
      description: comment.length === 0 ? null : comment.join("\n"),
      cron: schedule.cron,
      timezone: schedule.cron === null ? null : variables.get("CRON_TZ")?.value ?? timezone,
      env,
      tasks: [{ id: "run", name, ...processOf(shell, command, stdin) }],
    },
  });
}

/** What cron starts: the shell, with the command as it stands. A task has no stdin, so what cron would write comes from a pipe. */
function processOf(shell: string, command: string, stdin: string | null) {
  if (stdin === null) return { cmd: shell, args: ["-c", command] };
  return { cmd: "/bin/sh", args: ["-c", `printf %s "$2" | "$0" -c "$1"`, shell, command, stdin] };
}

/** The variables for the command, and what becomes of the others. */
function sortVariables(
  variables: ReadonlyMap<string, Variable>,
  file: string,
): { env: Map<string, string>; notes: Remark[] } {
  const env = new Map<string, string>();
  const notes: Remark[] = [];
  for (const [name, { value, line }] of variables) {
    const note = (sentence: string) => notes.push({ file, line, sentence });
    const reason = cronVariables.get(name);
    if (reason !== undefined) {
      if (value !== "") note(`${name}=${value} is not carried over: ${reason}.`);
    } else if (name === "CRON_TZ") continue;
    else if (!/^[A-Za-z_]\w*$/.test(name)) {
      note(`The variable "${name}" is not carried over: a name has letters, digits and _ only.`);
    } else {
      env.set(name, value);
      if (name === "TZ") note(`TZ=${value} is for the command alone: cron does not schedule by it, only by CRON_TZ.`);
      if (name === "HOME") note(`cron starts the command in ${value}; a task starts where its agent runs.`);
    }
  }
  return { env, notes };
}
