/**
 * The verbs the original does not have: `VERB\x01{json}`, answered with `SUCCESS\x01{json}`. This table is their one
 * definition; both ends check what they receive against it.
 */
import { z } from "zod";
import { finalRunStates, runSchema, runStates, taskRunSchema, taskStates, triggerKinds } from "../core/mod.ts";

/** The version of these verbs; a change that an older peer cannot follow raises it. */
export const protocolVersion = 1;

/** What agents offer that can do what the original's cannot: parameters, `env`, `timeout` and `retries`. */
export const beyondOriginal = "beyond-original";

/** The longest a request may ask to be held, in milliseconds. */
export const maxWaitMs = 60_000;
/** Runs on one page of a list. */
export const maxPageRuns = 1000;
/** Log lines on one page. */
export const maxPageLines = 10_000;
/** Reports in one request. */
export const maxReports = 5000;
/** Parameters of one run. */
export const maxParams = 100;
/** Characters of a reason. */
export const maxSentenceChars = 4096;

const name = z.string().max(1024);
const sentence = z.string().max(maxSentenceChars);
const timeMs = z.number().nonnegative();
const waitMs = z.int().min(0).max(maxWaitMs);
const holder = { agentId: name, session: name.min(1) };
const attempt = { runId: name, attempt: z.int().positive() };

/** A parameter's name; tasks find its value in the environment variable `CDKTR_PARAM_<NAME>`. */
export const paramName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "letters, digits and _, at most 64");
const params = z.record(paramName, z.string().max(32_768)).refine(
  (record) => Object.keys(record).length <= maxParams,
  `at most ${maxParams} parameters`,
);

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

/** A line with its place in the order of arrival. */
const storedLogLine = logLine.extend({ row: z.int().nonnegative() });

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
});

const agent = z.object({
  agentId: z.string(),
  session: z.string().nullable(),
  version: z.string().nullable(),
  lastSeenMs: z.number(),
  slots: z.int().nullable(),
  running: z.array(z.string()),
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
      idempotencyKey: name.nullable(),
      reason: sentence,
    }),
    reply: z.object({ runId: z.string(), duplicate: z.boolean() }),
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
    reply: z.object({ run: runSchema, tasks: z.array(taskRunSchema), workflow: z.unknown() }),
  },
  /** Held until the run is final or the wait is over. */
  WAITRUN: {
    request: z.object({ run: name.min(1), waitMs }),
    reply: z.object({ run: runSchema }),
  },
  /** End a run. */
  CANCEL: {
    request: z.object({ run: name.min(1), reason: sentence }),
    reply: z.object({ runId: z.string(), outcome: z.enum(["cancelled", "requested"]) }),
  },
  /** The workflows there are. Held while the revision is the one already known. */
  WORKFLOWS: {
    request: z.object({ knownRevision: z.int().nullable(), waitMs }),
    reply: z.object({ revision: z.int(), workflows: z.array(workflowSummary), problems: z.array(z.string()) }),
  },
  /**
   * Stored log lines. `afterRow` of the reply goes into the next request for the next page; it is null on the last. A page
   * of long lines may end before its limit.
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
      order: z.enum(["oldest", "newest"]),
      afterRow: z.int().nonnegative().optional(),
      limit: z.int().min(1).max(maxPageLines),
    }),
    reply: z.object({ lines: z.array(storedLogLine), afterRow: z.int().nullable() }),
  },
  /** How the principal is. */
  STATUS: {
    request: z.object({}),
    reply: z.object({
      version: z.string(),
      startedAtMs: z.number(),
      queueLength: z.int(),
      queueHeadAgeMs: z.number().nullable(),
      runs: z.record(z.string(), z.int()),
      agents: z.array(agent),
      workflowCount: z.int(),
      problems: z.array(z.string()),
    }),
  },
  /** An agent asks for work and waits. Also its heartbeat and the way cancellations reach it. */
  WORK: {
    request: z.object({
      ...holder,
      version: name,
      /** Grows with each request of a session; an older one that arrives late is not served. */
      sequence: z.int().nonnegative(),
      slots: z.int().min(0).max(10_000),
      offers: z.array(name).max(100),
      holding: z.array(z.object({ ...attempt, cancelling: z.boolean() })).max(10_000),
      onlyRun: name.nullable(),
      waitMs,
    }),
    reply: z.object({
      begin: z.array(z.object({ ...attempt, params, workflow: z.unknown() })),
      end: z.array(z.object({ ...attempt, reason: z.string() })),
    }),
  },
  /** What became of an agent's work, in order. Saying it again is harmless. Answered once it is durable. */
  REPORT: {
    request: z.object({ ...holder, reports: z.array(report).max(maxReports) }),
    reply: z.object({ ignored: z.int() }),
  },
  /**
   * An agent goes away for good, all its reports taken. A run that it was given and did not say to have begun never reached
   * it and waits again; what else it holds has crashed.
   */
  LEAVE: {
    request: z.object({ ...holder, reason: sentence }),
    reply: z.object({ crashed: z.int() }),
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
