/** The program with all its commands loaded. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { processInvocation } from "../../src/cli/invocation.ts";
import { treeOf } from "../../src/cli/program.ts";

/** See the top of this file. */
export function fullTree(): Promise<CommandUnknownOpts> {
  return treeOf(processInvocation(), [], () => true);
}
