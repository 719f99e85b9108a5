/**
 * The verbs the original does not have: `VERB\x01{json}`, answered with `SUCCESS\x01{json}`. This table is their one
 * definition; both ends check what they receive against it.
 */
import * as z from "zod";
import { finalRunStates, paramKey, runStates, taskStates, triggerKinds } from "../core/mod.ts";
import { runSchema, taskRunSchema } from "../core/schema.ts";
import { logReply, logRequest } from "./log_batch.ts";

/** The version of these verbs; a change that an older peer cannot follow raises it. */
export const protocolVersion = 1;

/** What agents offer that can do what the original's cannot: parameters, `env`, `timeout` and `retries`. */
export const beyondOriginal = "beyond-original";

const labelPrefix = "label:";

/** How an agent offers a label, and a run asks for it. */
export function labelOffer(label: string): string {
  return labelPrefix + label;
}

/** The labels among what an agent offers. */
export function labelsAmong(offers: readonly string[]): string[] {
  return offers.filter((offer) => offer.startsWith(labelPrefix)).map((offer) => offer.slice(labelPrefix.length));
}

/** The longest a request may ask to be held, in milliseconds. */
export const maxWaitMs = 60_000;
/** Runs on one page of a list. */
export const maxPageRuns = 1000;
/** Log lines on one page. */
export const maxPageLines = 10_000;
/** Reports in one request. */
export const maxReports = 5000;
/** Sessions that one request for work may say to be gone. */
export const maxOutlived = 100;
/** Parameters of one run, and characters of their values together. */
export const maxParams = 100;
const maxParamsChars = 256 * 1024;
/** What one task left: values, and characters of them together. */
const maxOutputs = 100;
const maxOutputsChars = 64 * 1024;
/** Characters of an idempotency key; that of a schedule has the workflow's id in it. */
const maxKeyChars = 512;
/** Tasks of one attempt that can be cancelled one by one. */
const maxCancelTasks = 1000;
/** Characters of an SQL query. */
const maxQueryChars = 100_000;
/** Rows of an SQL result. */
export const maxQueryRows = 100_000;
/** Characters of a reason. */
export const maxSentenceChars = 4096;

/** Refuses a record of more values, or of more characters in them, than told. */
function within(valuesMax: number, charsMax: number) {
  return (record: Record<string, string>, context: z.core.$RefinementCtx) => {
    const values = Object.values(record);
    const chars = values.reduce((sum, value) => sum + value.length, 0);
    if (values.length > valuesMax) context.addIssue({ code: "custom", message: `at most ${valuesMax} values` });
    if (chars > charsMax) context.addIssue({ code: "custom", message: `at most ${charsMax} characters together` });
  };
}

const name = z.string().max(1024);
const sentence = z.string().max(maxSentenceChars);
const timeMs = z.number().nonnegative();
const waitMs = z.int().min(0).max(maxWaitMs);
const holder = { agentId: name, session: name.min(1) };
const attempt = { runId: name, attempt: z.int().positive() };

/** A parameter's name; tasks find its value in the environment variable `CDKTR_PARAM_<NAME>`. */
export const paramName = z.string().regex(paramKey, "letters, digits and _, at most 64");
const params = z.record(paramName, z.string().max(32_768)).superRefine(within(maxParams, maxParamsChars));

/** What a task left for those after it. The agent keeps to narrower limits; see docs/workflows.md. */
const outputs = z.record(z.string().max(64), z.string()).superRefine(within(maxOutputs, maxOutputsChars)).nullable()
  .default(null);
/** As the other fields with a default, it is absent where the other side is of a version that did not have it. */
const cancelTasks = z.array(name).max(maxCancelTasks).default([]);
const paused = z.boolean().default(false);

const report = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("run"),
    ...attempt,
    state: z.enum(["RUNNING", ...finalRunStates]),
    reason: sentence.nullable(),
    instanceId: z.null(),
  }),
  z.object({
    kind: z.literal("task"),
    ...attempt,
    taskId: name,
    taskRunId: name,
    tryNumber: z.int().positive(),
    state: z.enum(taskStates),
    happenedAtMs: timeMs,
    exitCode: z.int().nullable(),
    reason: sentence.nullable(),
    outputs,
  }),
]);

const logLine = z.object({
  workflowId: z.string(),
  workflowName: z.string(),
  runId: z.string(),
  taskName: z.string(),
  taskRunId: z.string(),
  timestampMs: z.number(),
  level: z.string(),
  payload: z.string(),
});

/** Names a log line. Made by the history; nobody else looks inside. */
const cursor = z.string().max(8_192);

/** A parameter that a workflow declares. All values are text. */
const param = z.object({
  type: z.string(),
  description: z.string().nullable(),
  required: z.boolean(),
  default: z.string().nullable(),
  choices: z.array(z.string()).nullable(),
  pattern: z.string().nullable(),
  min: z.string().nullable(),
  max: z.string().nullable(),
});

const workflowSummary = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  path: z.string(),
  cron: z.string().nullable(),
  timezone: z.string(),
  startTime: z.string().nullable(),
  taskCount: z.int(),
  nextFireMs: z.number().nullable(),
  /** Missed due times that are made up at most. */
  catchup: z.int(),
  /** Up to here no due time was missed: the newest one that was triggered, or when the schedule came into force. */
  watermarkMs: z.number().nullable(),
  params: z.record(z.string(), param),
});

const agent = z.object({
  agentId: z.string(),
  session: z.string().nullable(),
  version: z.string().nullable(),
  lastSeenMs: z.number(),
  slots: z.int().nullable(),
  /** It takes no more work. */
  stopping: z.boolean().default(false),
  labels: z.array(z.string()),
  running: z.array(z.string()),
});

/** How a principal is. */
const principalStatus = z.object({
  version: z.string(),
  startedAtMs: z.number(),
  queueLength: z.int(),
  queueHeadAgeMs: z.number().nullable(),
  runs: z.record(z.string(), z.int()),
  agents: z.array(agent),
  workflowCount: z.int(),
  history: z.object({
    state: z.enum(["ok", "degraded", "ended", "closed"]),
    reason: z.string().nullable(),
    /** Decisions that are journalled and not yet in the history's tables. */
    eventsBehind: z.int(),
  }),
  problems: z.array(z.string()),
});

/** One finding of a check-up. */
const finding = z.object({
  name: z.string(),
  state: z.enum(["ok", "warning", "error"]),
  detail: z.string(),
  hint: z.string().nullable(),
});

/** Every verb with the shapes of its request and its reply. */
export const verbs = {
  /** Who are you, and what can you do? An original principal answers it with an error. */
  HELLO: {
    request: z.object({ role: name, version: name }),
    reply: z.object({
      product: z.literal("cdktr"),
      version: z.string(),
      protocol: z.int(),
      verbs: z.array(z.string()),
      agentTimeoutMs: z.number(),
    }),
  },
  /** Run a workflow. The reply leaves once the run is durable. */
  RUN: {
    request: z.object({
      workflowId: name,
      trigger: z.enum(triggerKinds),
      params,
      idempotencyKey: z.string().max(maxKeyChars).nullable(),
      /** The time its schedule was due; null when no schedule asks. */
      dueMs: timeMs.nullable().default(null),
      reason: sentence,
    }),
    /** `skipped` says why there is no new run: then `runId` is the run in whose favour the trigger was skipped. */
    reply: z.object({ runId: z.string(), duplicate: z.boolean(), skipped: z.string().nullable().default(null) }),
  },
  /** List runs, newest first. */
  RUNS: {
    request: z.object({
      states: z.array(z.enum(runStates)).min(1).optional(),
      workflowId: name.optional(),
      triggers: z.array(z.enum(triggerKinds)).min(1).optional(),
      sinceMs: timeMs.optional(),
      untilMs: timeMs.optional(),
      beforeRunId: z.uuid().optional(),
      limit: z.int().min(1).max(maxPageRuns),
    }),
    reply: z.object({ runs: z.array(runSchema), cursor: z.string().nullable() }),
  },
  /** One run, by its id or a unique beginning of it, with its tasks and the definition it runs. */
  SHOWRUN: {
    request: z.object({ run: name.min(1) }),
    reply: z.object({
      run: runSchema,
      tasks: z.array(taskRunSchema),
      /** Tasks that an earlier attempt completed and the present one did not run. */
      kept: z.array(z.string()),
      /** The attempts before, as far as the journal still tells of them. `RETURNED`: its agent never took it up. */
      earlier: z.array(z.object({
        attempt: z.int(),
        agentId: z.string(),
        assignedAtMs: timeMs,
        startedAtMs: timeMs.nullable(),
        endedAtMs: timeMs,
        state: z.enum(["COMPLETED", "FAILED", "CRASHED", "CANCELLED", "RETURNED"]),
        reason: z.string().nullable(),
      })),
      /** Since when it waited for its present attempt; null when the journal does not tell any more. */
      waitingSinceMs: timeMs.nullable(),
      workflow: z.unknown(),
    }),
  },
  /** Held until the run is final or the wait is over. */
  WAITRUN: {
    request: z.object({ run: name.min(1), waitMs }),
    reply: z.object({ run: runSchema }),
  },
  /** End a run, or one task of it. `requested`: its agent was told, or will be as soon as it asks. */
  CANCEL: {
    request: z.object({ run: name.min(1), task: name.nullable().default(null), reason: sentence }),
    reply: z.object({ runId: z.string(), outcome: z.enum(["done", "requested"]) }),
  },
  /** Have a run that has ended run again. What completed is kept, but for `fromTask` and what depends on it. */
  RETRY: {
    request: z.object({ run: name.min(1), fromTask: name.nullable(), reason: sentence }),
    reply: z.object({ runId: z.string(), attempt: z.int(), kept: z.array(z.string()) }),
  },
  /** Have a run stand still (no further task of it starts), or go on. */
  PAUSE: {
    request: z.object({ run: name.min(1), paused: z.boolean(), reason: sentence }),
    /** `unchanged`: it was as wished before. */
    reply: z.object({ runId: z.string(), outcome: z.enum(["done", "requested", "unchanged"]) }),
  },
  /** Why something ran, waits, was skipped, retried, or did not run. */
  EXPLAIN: {
    request: z.discriminatedUnion("subject", [
      z.object({ subject: z.literal("run"), run: name.min(1) }),
      z.object({ subject: z.literal("task"), run: name.min(1), taskId: name.min(1) }),
      /** At a time; null for what it did last. */
      z.object({ subject: z.literal("workflow"), workflowId: name.min(1), atMs: timeMs.nullable() }),
    ]),
    reply: z.object({
      /** What it came to, in one sentence. */
      summary: z.string(),
      /** How it came to that, in order. */
      steps: z.array(z.object({ atMs: z.number().nullable(), sentence: z.string() })),
      /** What could be done about it. */
      hint: z.string().nullable(),
    }),
  },
  /** A query over runs, task runs, logs, decisions and agents. Anything but a query is refused. */
  SQL: {
    request: z.object({
      query: z.string().min(1).max(maxQueryChars),
      form: z.enum(["rows", "parquet"]),
      maxRows: z.int().min(1).max(maxQueryRows),
      waitMs,
    }),
    reply: z.object({
      columns: z.array(z.object({ name: z.string(), type: z.string() })),
      rows: z.array(z.array(z.unknown())),
      /** There were more rows than asked for. */
      truncated: z.boolean(),
      /** The whole result as a Parquet file in Base64, if that was asked for. */
      parquet: z.string().nullable(),
    }),
  },
  /** Move old log lines to the archive now. */
  ARCHIVE: {
    request: z.object({}),
    reply: z.object({
      /** Log lines that went from the database to the archive; that were deleted from it; and from the archive. */
      archivedLines: z.number(),
      deletedLines: z.number(),
      deletedArchivedLines: z.number(),
      /** Rows of other tables that were deleted. */
      deletedRows: z.number(),
      /** What the database and the archive use now. */
      usedBytes: z.number(),
      archivedBytes: z.number(),
    }),
  },
  /** A check-up of the principal's own parts: disk, journal, history, agents, clock. */
  DOCTOR: {
    /** `deep`: the whole journal is read, in which time nothing else is answered: seconds for each gigabyte. */
    request: z.object({ deep: z.boolean().default(false) }),
    /** `nowMs`: the principal's clock, Unix milliseconds. */
    reply: z.object({ nowMs: timeMs, findings: z.array(finding) }),
  },
  /** The workflows there are. Held while the revision is the one already known. */
  WORKFLOWS: {
    request: z.object({ knownRevision: z.int().nullable(), waitMs }),
    reply: z.object({ revision: z.int(), workflows: z.array(workflowSummary), problems: z.array(z.string()) }),
  },
  /** One workflow as it stands in its file now. */
  SHOWWORKFLOW: {
    request: z.object({ workflowId: name.min(1) }),
    /** `workflow`: as the definition of a run. */
    reply: z.object({ workflow: z.unknown() }),
  },
  /**
   * Stored log lines. `cursor` names the last line of a page, null when there is none: as `after` of the next request it
   * leads to the next page, in either order. A page of long lines may end before its limit.
   */
  LOGS: {
    request: z.object({
      sinceMs: timeMs.optional(),
      untilMs: timeMs.optional(),
      workflowId: name.optional(),
      run: name.min(1).optional(),
      taskName: name.optional(),
      levels: z.array(name).min(1).optional(),
      states: z.array(z.enum(runStates)).min(1).optional(),
      contains: sentence.optional(),
      /** Whether capitals and small letters are the same to `contains`. */
      ignoreCase: z.boolean().optional(),
      order: z.enum(["oldest", "newest"]),
      after: cursor.optional(),
      limit: z.int().min(1).max(maxPageLines),
    }),
    reply: z.object({ lines: z.array(logLine), cursor: cursor.nullable(), mayHaveMore: z.boolean() }),
  },
  /** How the principal is. */
  STATUS: {
    request: z.object({}),
    reply: principalStatus,
  },
  /**
   * What changed since the place `afterSeq` in the journal: how a view is kept current without asking again and again for
   * all it shows. Held while nothing did. Only what is durable is told.
   */
  CHANGES: {
    request: z.object({
      /** The `seq` of the reply before; null at first. */
      afterSeq: z.int().nonnegative().nullable(),
      /**
       * The `status.startedAtMs` that came with that place. After a restart the journal may be another one that has come to
       * the same place. Null has nothing compared.
       */
      startedAtMs: timeMs.nullable().default(null),
      waitMs,
    }),
    reply: z.object({
      /** The place up to which this tells. */
      seq: z.int(),
      /** What changed since `afterSeq` cannot be told: whoever asks has to load anew what it shows. Then there are no runs. */
      isReset: z.boolean(),
      /** There are later changes already: ask again at once. */
      mayHaveMore: z.boolean(),
      /** The runs that something happened to, their tasks included, as they stand now; what happened last comes last. */
      runs: z.array(runSchema),
      status: principalStatus,
      /** The principal's clock, Unix milliseconds. */
      nowMs: timeMs,
    }),
  },
  /** An agent asks for work and waits. Also its heartbeat and the way cancellations reach it. */
  WORK: {
    request: z.object({
      ...holder,
      version: name,
      /** Grows with each request of a session; an older one that arrives late is not served. */
      sequence: z.int().nonnegative(),
      /** Free places for runs, and all of them. */
      slots: z.int().min(0).max(10_000),
      slotsTotal: z.int().min(0).max(10_000).nullable().default(null),
      /** It takes no more work: it ends when what it has is done. */
      stopping: z.boolean().default(false),
      offers: z.array(name).max(100),
      /** What it has, and what it knows of the wishes about that. */
      holding: z.array(z.object({ ...attempt, cancelling: z.boolean(), paused, cancelTasks })).max(10_000),
      onlyRun: name.nullable(),
      /** Sessions of agents on its machine that were killed, of which nothing runs any more. */
      outlived: z.array(name.min(1)).max(maxOutlived).default([]),
      waitMs,
    }),
    reply: z.object({
      begin: z.array(z.object({
        ...attempt,
        params,
        workflow: z.unknown(),
        paused,
        cancelTasks,
        /** Tasks that an earlier attempt completed: they are not run again. */
        kept: z.array(z.object({ taskId: z.string(), taskRunId: z.string(), outputs })).default([]),
      })),
      end: z.array(z.object({ ...attempt, reason: z.string() })),
      /** The whole present wish about an attempt that the agent does not know yet. */
      steer: z.array(z.object({ ...attempt, paused, cancelTasks })).default([]),
    }),
  },
  /** What became of an agent's work, in order. Saying it again is harmless. Answered once it is durable. */
  REPORT: {
    request: z.object({ ...holder, reports: z.array(report).max(maxReports) }),
    reply: z.object({ ignored: z.int() }),
  },
  /** Log lines of our agents; see log_batch.ts. Held until they are committed or the wait is over. */
  LOG: { request: logRequest, reply: logReply },
  /**
   * An agent goes away for good, all its reports taken. A run that it was given and did not say to have begun never reached
   * it and waits again; what else it holds has crashed.
   */
  LEAVE: {
    request: z.object({ ...holder, reason: sentence }),
    reply: z.object({ crashed: z.int(), requeued: z.int().default(0) }),
  },
} as const;

/** The name of a verb of {@linkcode verbs}. */
export type Verb = keyof typeof verbs;
/** What a verb is asked with. */
export type RequestOf<V extends Verb> = z.output<typeof verbs[V]["request"]>;
/** What a verb is answered with. */
export type ReplyTo<V extends Verb> = z.output<typeof verbs[V]["reply"]>;

/** A stored or live log line. */
export type WireLogLine = z.output<typeof logLine>;
/** A workflow as lists show it. */
export type WorkflowSummary = z.output<typeof workflowSummary>;

/** Whether a text names one of {@linkcode verbs}. */
export function isVerb(text: string): text is Verb {
  return Object.hasOwn(verbs, text);
}
