/** Import cycles between files. Each is reported once, as the shortest way round. */
import type { Finding } from "./finding.ts";
import type { Module } from "./module.ts";

interface Edge {
  readonly target: string;
  readonly line: number;
}

/** Finds the cycles of import and re-export statements, type-only ones included; `import()` does not count. */
export function checkCycles(modules: readonly Module[]): Finding[] {
  const known = new Set(modules.map((module) => module.path));
  const edges = new Map<string, Edge[]>(
    modules.map(({ path, imports }) => [
      path,
      imports.flatMap(({ kind, target, line }) =>
        kind === "static" && target !== null && known.has(target) ? [{ target, line }] : []
      ),
    ]),
  );
  const findings: Finding[] = [];
  const reported = new Set<string>();
  for (const path of [...known].sort()) {
    if (reported.has(path)) continue;
    const cycle = shortestCycle(path, edges);
    if (cycle === null) continue;
    for (const member of cycle.path) reported.add(member);
    const way = [...cycle.path, path].join(" -> ");
    findings.push({ path, line: cycle.line, rule: "cycles", sentence: `these files import each other: ${way}` });
  }
  return findings;
}

/** The shortest way from a file back to itself, by breadth-first search; null when there is none. */
function shortestCycle(
  start: string,
  edges: ReadonlyMap<string, readonly Edge[]>,
): { path: string[]; line: number } | null {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let head = 0; head < queue.length; head++) {
    const at = queue[head] ?? start;
    for (const { target } of edges.get(at) ?? []) {
      if (target === start) {
        const path = [at];
        for (let back = cameFrom.get(at); back !== undefined; back = cameFrom.get(back)) path.unshift(back);
        const line = edges.get(start)?.find((edge) => edge.target === (path[1] ?? start))?.line ?? 1;
        return { path, line };
      }
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, at);
      queue.push(target);
    }
  }
  return null;
}
