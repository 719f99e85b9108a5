/**
 * What is typed to narrow a list of runs: `state:failed,crashed workflow:etl trigger:cron since:2h`, and words to be found.
 * An id with blanks stands in quotes: `workflow:"daily report"`.
 */
import { type RunState, runStates, type TriggerKind, triggerKinds } from "../core/mod.ts";
import { durationMs } from "../workflow/definition.ts";
import { badStates } from "./run_actions.ts";
import type { RunFilter } from "./screen.ts";

/** A filter as it was understood. */
export interface TypedFilter extends RunFilter {
  /** Runs triggered within this time, in milliseconds. */
  readonly withinMs?: number;
  /** Found in what the rows say. */
  readonly words: string;
  /** What is wrong with it; null for nothing. */
  readonly problem: string | null;
}

/** What a word can be about. */
const fields: readonly string[] = ["state", "workflow", "trigger", "since"];

/** Names for several states. */
const groups = new Map<string, readonly RunState[]>([
  ["open", ["PENDING", "ASSIGNED", "RUNNING"]],
  ["bad", badStates],
]);

/** Reads what is typed. */
export function readFilter(text: string): TypedFilter {
  const words: string[] = [];
  const filter: { -readonly [Key in keyof TypedFilter]?: TypedFilter[Key] } = {};
  let problem: string | null = null;
  for (const [word] of text.matchAll(/workflow:"(?:\\.|[^"\\])*"?|\S+/gi)) {
    const [, typedKey, value = ""] = /^([a-z]+):([^]*)$/i.exec(word) ?? [];
    const key = typedKey?.toLowerCase();
    if (key === undefined) words.push(word);
    else if (!fields.includes(key) && value.startsWith("//")) words.push(word); // An address is no field.
    else if (!fields.includes(key)) problem = `${key}: is none of ${fields.map((field) => `${field}:`).join(" ")}`;
    else if (value === "") continue; // It is still being typed.
    else if (key === "workflow") filter.workflowId = unquoted(value);
    else if (key === "since") {
      const withinMs = durationMs(value);
      if (withinMs === null) problem = `since:${value} is no duration such as 30m or 2h`;
      else filter.withinMs = withinMs;
    } else if (key === "state") {
      const states = value.split(",").flatMap((name) => groups.get(name.toLowerCase()) ?? matching(runStates, name));
      if (states.length === 0) {
        problem = `state:${value} is none of ${[...runStates, ...groups.keys()].join(", ").toLowerCase()}`;
      } else filter.states = [...new Set(states)];
    } else {
      const triggers: TriggerKind[] = value.split(",").flatMap((name) => matching(triggerKinds, name));
      if (triggers.length === 0) problem = `trigger:${value} is none of ${triggerKinds.join(", ")}`;
      else filter.triggers = triggers;
    }
  }
  return { ...filter, words: words.join(" "), problem };
}

/** A filter as it would be typed. */
export function filterText({ states, workflowId, triggers }: RunFilter): string {
  return [
    ...states === undefined ? [] : [`state:${states.join(",").toLowerCase()}`],
    ...workflowId === undefined ? [] : [`workflow:${quoted(workflowId)}`],
    ...triggers === undefined ? [] : [`trigger:${triggers.join(",")}`],
  ].join(" ");
}

/** An id as one word: in quotes where it holds blanks. */
function quoted(id: string): string {
  return /[\s"\\]/.test(id) ? `"${id.replace(/["\\]/g, "\\$&")}"` : id;
}

function unquoted(value: string): string {
  const inner = /^"((?:\\.|[^"\\])*)"?$/.exec(value)?.[1];
  return inner === undefined ? value : inner.replace(/\\(.)/g, "$1");
}

function matching<Name extends string>(names: readonly Name[], typed: string): Name[] {
  return typed === "" ? [] : names.filter((name) => name.toLowerCase().startsWith(typed.toLowerCase()));
}
