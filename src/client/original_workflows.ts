/** The workflows of an original principal in the form in which ours tells them. */
import type { CdktrError } from "../core/mod.ts";
import { parseWorkflowDocuments, type WorkflowSummary } from "../wire/mod.ts";
import { type Schedule, scheduleOf, type Workflow } from "../workflow/definition.ts";

interface Entry {
  readonly facts: Omit<WorkflowSummary, "nextFireMs">;
  /** Null without a schedule, and where it may mean something else here than there. */
  readonly schedule: Schedule | null;
}

/** What one LSWORKFLOWS reply held. */
export class OriginalWorkflows {
  /** The documents by key, which is what RUNTASK takes and what a summary has for its id. */
  readonly documents: ReadonlyMap<string, Workflow>;
  /** Why others cannot be used. */
  readonly problems: readonly string[];
  readonly #entries: readonly Entry[];

  /**
   * @param payload Of the reply.
   * @throws {CdktrError} UNSUPPORTED when it is not a JSON object.
   */
  constructor(payload: string) {
    const { workflows, rejected } = parseWorkflowDocuments(payload);
    this.documents = workflows;
    this.problems = [...rejected.values()].map(({ message }: CdktrError) => message);
    this.#entries = [...workflows].sort(([a], [b]) => a < b ? -1 : 1).map(entryOf);
  }

  /**
   * The summaries, ordered by key.
   *
   * @param nowMs Unix milliseconds; the next fire times are those after it.
   */
  summaries(nowMs: number): WorkflowSummary[] {
    return this.#entries.map(({ facts, schedule }) => ({ ...facts, nextFireMs: schedule?.next(nowMs) ?? null }));
  }
}

function entryOf([key, workflow]: [string, Workflow]): Entry {
  const { name, description, path, cron, timezone, startTime, tasks } = workflow;
  const facts = { id: key, name, description, path, cron, timezone, startTime, taskCount: tasks.length };
  return { facts: { ...facts, catchup: 0, watermarkMs: null, params: {} }, schedule: sharedSchedule(workflow) };
}

/**
 * The schedule of a workflow, if it means the same to an original principal as here. There days of the week are 1 to 7 from
 * Sunday on, a day must match by month and by week where both are given, and five fields are an error.
 */
function sharedSchedule(workflow: Workflow): Schedule | null {
  const cron = workflow.cron?.trim() ?? "";
  const fields = cron.split(/\s+/);
  const [, , , day = "*", , weekday = "*"] = fields;
  const isEvery = (field: string) => field === "*" || field === "?";
  if (fields.length < 6 && !/^@(yearly|monthly|weekly|daily|hourly)$/.test(cron)) return null;
  if (!isEvery(weekday) && (!isEvery(day) || /\d/.test(weekday))) return null;
  try {
    return scheduleOf(workflow);
  } catch {
    return null; // What only an original can read.
  }
}
