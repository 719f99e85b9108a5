/**
 * All specifications. Another one is an entry in its block, with the next number there; `deno task docs` puts it on its
 * page. Another block is a file in blocks/ and a line below. Imports nothing of src/.
 */
import { asking } from "./blocks/asking.ts";
import { errors } from "./blocks/errors.ts";
import { exits } from "./blocks/exits.ts";
import { listen } from "./blocks/listen.ts";
import { project } from "./blocks/project.ts";
import { run } from "./blocks/run.ts";
import { runs } from "./blocks/runs.ts";
import { start } from "./blocks/start.ts";
import { task } from "./blocks/task.ts";
import { ui } from "./blocks/ui.ts";
import type { Block } from "./specification.ts";

export const blocks: readonly Block[] = [run, start, task, runs, asking, project, ui, exits, errors, listen];

/** Codes of errors that no specification provokes, and why. */
export const beyondOutsiders: Readonly<Record<string, string>> = {
  INTERNAL: "It is for defects of cdktr. None is known that could be called for.",
};
