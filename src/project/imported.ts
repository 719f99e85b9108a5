/** What an import makes of a file that other programs schedule by. */
import { Document } from "yaml";
import { CdktrError, messageOf } from "../core/mod.ts";
import { formatProblem, parseWorkflow, Schedule } from "../workflow/mod.ts";

/** Something about one line of a file that is read. */
export interface Remark {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** One sentence. */
  readonly sentence: string;
}

/** A task of a {@linkcode Draft}. */
export interface DraftTask {
  readonly id: string;
  readonly name: string;
  readonly cmd: string;
  readonly args: readonly string[];
  readonly depends?: string;
  readonly timeout?: string | null;
}

/** A workflow on its way into a file. */
export interface Draft {
  readonly name: string;
  readonly description: string | null;
  readonly cron: string | null;
  readonly timezone: string | null;
  readonly catchup?: number;
  readonly overlap?: "skip";
  readonly env: ReadonlyMap<string, string>;
  readonly tasks: readonly DraftTask[];
}

/** A workflow file made of a job. */
export interface Imported {
  /** The name of the file without its extension. */
  readonly id: string;
  /** What was not carried over, or not exactly. */
  readonly notes: readonly Remark[];
  /** The workflow's YAML, which is valid. */
  readonly text: string;
}

/** What came of reading files of another program. */
export interface ImportResult {
  readonly workflows: readonly Imported[];
  /** What is wrong; then there are no workflows. */
  readonly faults: readonly Remark[];
}

/** A job as an importer has understood it. */
export interface Job {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  /** What it was made of, as lines for the top of the file. */
  readonly origin: readonly string[];
  readonly notes: readonly Remark[];
  readonly draft: Draft;
}

/**
 * Writes the file of a job.
 *
 * @throws {CdktrError} INVALID_WORKFLOW when the workflow would not be accepted, as with a command of megabytes.
 */
export function imported({ id, file, line, origin, draft: whole, notes: others }: Job): Imported {
  const fault = cronFault(whole.cron);
  const draft = fault === null ? whole : { ...whole, cron: null };
  const notes = fault === null ? others : [...others, { file, line, sentence: `${fault} So it has no schedule.` }];
  const remarks = notes.map(({ sentence }) => `Note: ${sentence}`);
  const text = workflowYaml(draft, [`Imported by cdktr from ${file}, line ${line}:`, ...origin, ...remarks]);
  const problem = parseWorkflow(text, { id, path: `${id}.yml` }).problems[0];
  if (problem !== undefined) {
    throw new CdktrError(
      "INVALID_WORKFLOW",
      `The job at ${file}:${line} makes no workflow: ${formatProblem(problem)}`,
      {
        hint: "Take it out of the file, and write its workflow by hand.",
      },
    );
  }
  return { id, notes, text };
}

/** Why cdktr does not take an expression that others take: 31 February, to them, is a day that never comes. */
function cronFault(cron: string | null): string | null {
  try {
    if (cron !== null) new Schedule(cron);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** A draft as YAML, with `comments` at its top. Maps, not objects: any name of a variable is an ordinary one in them. */
function workflowYaml(draft: Draft, comments: readonly string[]): string {
  const document = new Document();
  const tasks = draft.tasks.map(({ id, name, cmd, args, depends, timeout }) => {
    const config = document.createNode(new Map<string, unknown>([["cmd", cmd], ["args", args]]));
    config.tag = "!Subprocess";
    const fields = present([
      ["name", name],
      ["depends", depends === undefined ? null : [depends]],
      ["timeout", timeout ?? null],
      ["config", config],
    ]);
    return [id, fields] as const;
  });
  document.contents = document.createNode(present([
    ["name", draft.name],
    ["description", draft.description],
    ["cron", draft.cron],
    ["timezone", draft.timezone],
    ["catchup", draft.catchup ?? null],
    ["overlap", draft.overlap ?? null],
    ["env", draft.env.size === 0 ? null : draft.env],
    ["tasks", new Map(tasks)],
  ]));
  document.commentBefore = comments.flatMap((comment) => comment.split("\n")).map((line) => ` ${harmless(line)}`).join(
    "\n",
  );
  // Width 0: a long command stays on its line.
  return document.toString({ lineWidth: 0 });
}

function present(fields: readonly (readonly [string, unknown])[]): Map<string, unknown> {
  return new Map(fields.filter(([, value]) => value !== null));
}

/** A comment goes on to the end of its line, and YAML allows no other control characters in it. */
function harmless(line: string): string {
  return line.replaceAll(/[\p{Cc}\u2028\u2029\ufeff]/gu, "?");
}
