/**
 * The direction of imports. Rooms (the folders of src/) stand on one another; a room imports only what is named for it
 * here, and of another room only its `mod.ts` and its other doors. `cli` puts everything together; `scheduler`, `listener`, `tui` and
 * `gateway` are clients of the principal like any other and never look into it.
 */
import type { Finding } from "./finding.ts";
import type { Module } from "./module.ts";

const values = ["core", "clock"];
const formats = [...values, "workflow"];
const belowClient = [...formats, "lock", "zmtp", "config", "wire", "journal", "history"];

/** What each room may import, lowest first. A new room is entered here. */
export const layering: Readonly<Record<string, readonly string[]>> = {
  core: [],
  clock: [],
  zmtp: [],
  config: values,
  lock: values,
  workflow: values,
  paint: values,
  project: [...formats, "config"],
  wire: formats,
  journal: formats,
  history: [...formats, "lock"],
  client: belowClient,
  principal: [...belowClient, "client"],
  agent: [...belowClient, "client"],
  scheduler: [...belowClient, "client"],
  listener: [...belowClient, "client"],
  tui: [...belowClient, "client", "paint"],
  gateway: [...belowClient, "client"],
  cli: [...belowClient, "client", "principal", "agent", "scheduler", "listener", "tui", "gateway", "paint", "project"],
};

/** Files beside `mod.ts` that other rooms may import: parts of a room for those who must not wait for all of it. */
export const doors: readonly string[] = [
  "src/core/schema.ts",
  "src/history/library_cache.ts",
  "src/history/started_worker.ts",
  "src/workflow/definition.ts",
];

/** The room a path lies in: `principal` for `src/principal/lease.ts`; null outside the rooms. */
export function roomOf(path: string): string | null {
  return /^src\/([^/]+)\/./.exec(path)?.[1] ?? null;
}

/** Checks one file's imports. Tests may look inside the rooms. */
export function checkLayers({ path, imports }: Module): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, rule: string, sentence: string) => findings.push({ path, line, rule, sentence });
  const room = roomOf(path);
  if (room === null && path.startsWith("src/")) {
    report(1, "layers", "a file of src/ belongs into a room, src/<room>/");
  }
  if (room !== null && layering[room] === undefined) {
    report(1, "layers", `the room "${room}" has no place in the layering; give it one in tools/ok/layers.ts`);
  }
  for (const { target, line } of imports) {
    if (target === null) continue;
    const isProduct = path === "main.ts" || path.startsWith("src/");
    const targetRoom = roomOf(target);
    if (targetRoom === null) {
      if (isProduct && /^(tests|tools|bench)\//.test(target)) {
        report(line, "layers", `the product must not import ${target}`);
      }
      continue;
    }
    if (targetRoom === room) continue;
    const allowed = room === null ? path === "main.ts" ? ["cli"] : null : layering[room] ?? null;
    if (allowed !== null && !allowed.includes(targetRoom)) {
      const choice = allowed.length === 0 ? "no other room" : `only ${allowed.join(", ")}`;
      report(line, "layers", `${room ?? path} must not import ${targetRoom}; it may import ${choice}`);
    }
    if (!path.startsWith("tests/") && target !== `src/${targetRoom}/mod.ts` && !doors.includes(target)) {
      report(line, "rooms", `import src/${targetRoom}/mod.ts instead of ${target}, which is inside another room`);
    }
  }
  return findings;
}
