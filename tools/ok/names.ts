/** Names of files and folders that say nothing: whatever they hold has a better one. */
import type { Finding } from "./finding.ts";

const empty = new Set(["util", "utils", "helper", "helpers", "manager", "managers", "data", "common", "misc"]);

/** Checks a path, part by part and word by word: `log_manager.ts` is found, `metadata.ts` is not. */
export function checkName(path: string): Finding[] {
  const word = path.toLowerCase().split(/[/_.\-]/).find((part) => empty.has(part));
  if (word === undefined) return [];
  const sentence = `"${word}" says nothing about what is inside; name it after the idea it holds`;
  return [{ path, line: 1, rule: "names", sentence }];
}
