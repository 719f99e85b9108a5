/**
 * What a task leaves for those after it, and what it finds of those before it.
 *
 * A task writes to the file named by `CDKTR_OUTPUT`: lines `KEY=VALUE`, or one JSON object, whose values that are no
 * strings are kept as JSON text. Of a key given twice the last value counts.
 */

import { paramKey } from "../core/mod.ts";
import { type GraphNode, topologicalOrder } from "../workflow/definition.ts";

/** The outputs of one task. */
export type Outputs = Readonly<Record<string, string>>;

/** A task that is not run again, because an earlier attempt of the run completed it. */
export interface KeptTask {
  readonly taskId: string;
  readonly taskRunId: string;
  readonly outputs: Outputs | null;
}

/** Limits of outputs. */
export const outputLimits = {
  /** Bytes that one task may write. */
  maxTaskBytes: 64 * 1024,
  /** Bytes that the outputs of a run take as environment variables, so that a task below all of them can be started. */
  maxRunBytes: 1024 * 1024,
  /** Keys of one task. */
  maxKeys: 100,
} as const;

const keyRule = "a key has letters, digits and _, at most 64, and does not begin with a digit";
const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();
/** The end of a variable and the pointer to it; see execve(2). */
const variableOverheadBytes = 9;
/** So much of an odd line or key is shown. */
const shownChars = 40;

/** Outputs that were read, `null` when there are none; or what is wrong with them, as part of a sentence. */
export type ParsedOutputs = { readonly outputs: Outputs | null } | { readonly problem: string };

/** Reads what a task wrote. */
export function parseOutputs(bytes: Uint8Array): ParsedOutputs {
  const { maxTaskBytes, maxKeys } = outputLimits;
  if (bytes.length > maxTaskBytes) return { problem: `they are larger than ${maxTaskBytes} bytes` };
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { problem: "they are not UTF-8" };
  }
  if (text.includes("\0")) return { problem: "they contain a NUL character" };
  const parsed = text.trimStart().startsWith("{") ? parseJson(text) : parseLines(text);
  if ("problem" in parsed) return parsed;
  const { entries } = parsed;
  if (entries.size > maxKeys) return { problem: `they have ${entries.size} keys, at most ${maxKeys} are taken` };
  return { outputs: entries.size === 0 ? null : Object.fromEntries(entries) };
}

type Entries = { readonly entries: ReadonlyMap<string, string> } | { readonly problem: string };

function parseLines(text: string): Entries {
  const entries = new Map<string, string>();
  for (const [index, line] of text.split("\n").entries()) {
    const content = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (content.trim() === "") continue;
    const split = content.indexOf("=");
    const where = `line ${index + 1} (${shown(content)})`;
    if (split === -1) return { problem: `${where} is not KEY=VALUE` };
    const key = content.slice(0, split);
    if (!paramKey.test(key)) return { problem: `${where} has a key that cannot be used: ${keyRule}` };
    entries.set(key, content.slice(split + 1));
  }
  return { entries };
}

function parseJson(text: string): Entries {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `they begin like a JSON object and are none: ${error instanceof Error ? error.message : error}` };
  }
  const entries = new Map<string, string>();
  for (const [key, field] of Object.entries(value ?? {})) {
    if (!paramKey.test(key)) return { problem: `the key ${shown(key)} cannot be used: ${keyRule}` };
    const value = typeof field === "string" ? field : JSON.stringify(field);
    if (value.includes("\0")) return { problem: `the value of ${key} contains a NUL character` };
    // A number such as 1e20 is longer once it is written out.
    if (value.length > outputLimits.maxTaskBytes) return { problem: `the value of ${key} is too long` };
    entries.set(key, value);
  }
  return { entries };
}

function shown(text: string): string {
  return JSON.stringify(text.length <= shownChars ? text : `${text.slice(0, shownChars - 1)}…`);
}

/** The environment variable in which later tasks find an output. Two that look alike in upper case share one. */
export function outputVariable(taskId: string, key: string): string {
  return `CDKTR_OUTPUT_${taskId}_${key}`.toUpperCase().replaceAll(/[^A-Z0-9_]/gu, "_");
}

function variableBytes(taskId: string, outputs: Outputs): number {
  return Object.entries(outputs).reduce((sum, [key, value]) => {
    return sum + outputVariable(taskId, key).length + 1 + encoder.encode(value).length + variableOverheadBytes;
  }, 0);
}

const none: ReadonlySet<string> = new Set();

/** The outputs of one attempt's tasks, and who sees which: a task sees those of all tasks above it. */
export class RunOutputs {
  readonly #dependsOf: ReadonlyMap<string, readonly string[]>;
  readonly #outputs = new Map<string, Outputs>();
  /** The tasks whose outputs the dependents of a task see: those it sees, and itself. Shared where they are the same. */
  readonly #passedOn = new Map<string, ReadonlySet<string>>();
  #bytes = 0;

  /** @param kept Tasks that are done already. */
  constructor(tasks: readonly GraphNode[], kept: readonly KeptTask[]) {
    this.#dependsOf = new Map(tasks.map(({ id, depends }) => [id, depends]));
    const keptById = new Map(kept.map((task) => [task.taskId, task]));
    if (keptById.size === 0) return;
    for (const { id } of topologicalOrder(tasks)) {
      const task = keptById.get(id);
      if (task !== undefined) this.#add(id, task.outputs);
    }
  }

  /**
   * A task is done.
   *
   * @returns What is wrong with its outputs, as part of a sentence; then it is not done. Undefined when nothing is.
   */
  add(taskId: string, outputs: Outputs | null): string | undefined {
    const bytes = this.#bytes + (outputs === null ? 0 : variableBytes(taskId, outputs));
    const { maxRunBytes } = outputLimits;
    if (bytes > maxRunBytes) return `with them the run would have more than ${maxRunBytes} bytes of outputs`;
    this.#add(taskId, outputs);
    return undefined;
  }

  /** The outputs a task sees, by the ids of the tasks that left them. Meaningful once all above it is done. */
  seenBy(taskId: string): ReadonlyMap<string, Outputs> {
    const seen = new Map<string, Outputs>();
    for (const id of this.#above(taskId)) {
      const outputs = this.#outputs.get(id);
      if (outputs !== undefined) seen.set(id, outputs);
    }
    return seen;
  }

  #add(taskId: string, outputs: Outputs | null): void {
    const above = this.#above(taskId);
    if (outputs !== null) {
      this.#outputs.set(taskId, outputs);
      this.#bytes += variableBytes(taskId, outputs);
    }
    this.#passedOn.set(taskId, outputs === null ? above : new Set([...above, taskId]));
  }

  #above(taskId: string): ReadonlySet<string> {
    const passed = new Set((this.#dependsOf.get(taskId) ?? []).map((id) => this.#passedOn.get(id) ?? none));
    passed.delete(none);
    const [only = none] = passed;
    return passed.size <= 1 ? only : new Set([...passed].flatMap((ids) => [...ids]));
  }
}
