/** Our own rules, all of them, over a whole checkout. */
import { checkCycles } from "./cycles.ts";
import { checkDeadExports } from "./dead_exports.ts";
import { byPlace, type Finding } from "./finding.ts";
import { checkForbidden } from "./forbidden.ts";
import { checkLayers } from "./layers.ts";
import { checkLength } from "./length.ts";
import { isCode, parseModule } from "./module.ts";
import { checkName } from "./names.ts";
import type { TextFile } from "./tree.ts";
import { checkWords } from "./words.ts";

/** Every finding in the given files, ordered by place. */
export function checkRules(files: readonly TextFile[]): Finding[] {
  const modules = files.filter(({ path }) => isCode(path)).map(parseModule);
  return [
    ...files.flatMap(({ path }) => checkName(path)),
    ...files.flatMap(checkWords),
    ...modules.flatMap(checkLayers),
    ...modules.flatMap(checkLength),
    ...modules.flatMap(checkForbidden),
    ...checkCycles(modules),
    ...checkDeadExports(modules),
  ].sort(byPlace);
}
