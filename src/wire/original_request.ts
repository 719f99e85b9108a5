/** The ten verbs of the original: `VERB` or `VERB\x01argument\x01argument...`, in one frame. */
import { CdktrError } from "../core/mod.ts";
import { decodeText, encodeText, fieldSeparator, joinFields, parseUnsigned64 } from "./fields.ts";
import { encodeReply, notOneFrameText, notUtf8Text, parseErrorReply, unrecognisedVerbReply } from "./original_reply.ts";
import { isOriginalStatus, type OriginalStatus } from "./original_status.ts";

/** A well-formed request of the original. */
export type OriginalRequest =
  | { readonly verb: "PING" }
  | { readonly verb: "LSWORKFLOWS" }
  /** Despite its name it runs a workflow. */
  | { readonly verb: "RUNTASK"; readonly workflowId: string }
  /** Also the heartbeat. */
  | { readonly verb: "REGISTERAGENT"; readonly agentId: string }
  | WorkflowStatusRequest
  | TaskStatusRequest
  | { readonly verb: "FETCHWORKFLOW"; readonly agentId: string }
  | QueryLogsRequest
  | { readonly verb: "GETRECENTSTATUSES" }
  | { readonly verb: "GETREGISTEREDAGENTS" };

/** An agent tells what became of a workflow instance. */
export interface WorkflowStatusRequest {
  readonly verb: "AGENTWORKFLOWSTATUS";
  readonly agentId: string;
  readonly workflowId: string;
  readonly workflowInstanceId: string;
  readonly status: OriginalStatus;
}

/** An agent tells what became of a task instance. */
export interface TaskStatusRequest {
  readonly verb: "AGENTTASKSTATUS";
  readonly agentId: string;
  readonly taskId: string;
  readonly taskInstanceId: string;
  readonly workflowInstanceId: string;
  readonly status: OriginalStatus;
}

/** Asks for formatted log lines. Null means no bound or no filter; the wire says it with an empty argument. */
export interface QueryLogsRequest {
  readonly verb: "QUERYLOGS";
  /** Exclusive, Unix milliseconds. Null: now. */
  readonly endMs: number | null;
  /** Inclusive, Unix milliseconds. Null: a day before the end. */
  readonly startMs: number | null;
  readonly workflowId: string | null;
  readonly workflowInstanceId: string | null;
  /** Lines with the names of workflow and task besides the ids. */
  readonly verbose: boolean;
}

/** A verb the original does not have: one of ours, or a mistake. */
export interface UnknownRequest {
  readonly verb: "UNKNOWN";
  /** The text before the first separator. */
  readonly name: string;
  /** Everything after the first separator; undefined when there is none. */
  readonly argument: string | undefined;
}

/** A request that cannot be understood. */
export interface MalformedRequest {
  readonly verb: "MALFORMED";
  /** The body to answer with, the same bytes the original answers with. */
  readonly reply: Uint8Array<ArrayBuffer>;
}

/** What a request turned out to be. */
export type ParsedRequest = OriginalRequest | UnknownRequest | MalformedRequest;

function malformed(text: string): MalformedRequest {
  return { verb: "MALFORMED", reply: encodeReply(parseErrorReply(text)) };
}

/**
 * Reads the body of a request: the frames after the empty delimiter. Never throws.
 *
 * Arguments are checked in the original's order, one after the other, and the error texts are the original's, which names
 * several fields wrongly. Arguments beyond those of the verb are ignored, as the original does.
 */
export function parseRequest(frames: readonly Uint8Array[]): ParsedRequest {
  const [body] = frames;
  if (body === undefined || frames.length !== 1) {
    return { verb: "MALFORMED", reply: encodeReply(unrecognisedVerbReply(notOneFrameText)) };
  }
  const message = decodeText(body);
  if (message === undefined) return { verb: "MALFORMED", reply: encodeReply(unrecognisedVerbReply(notUtf8Text)) };

  const cut = message.indexOf(fieldSeparator);
  const verb = cut === -1 ? message : message.slice(0, cut);
  const rest = cut === -1 ? undefined : message.slice(cut + 1);
  switch (verb) {
    case "PING":
    case "LSWORKFLOWS":
    case "GETRECENTSTATUSES":
    case "GETREGISTEREDAGENTS":
      return { verb };
    case "RUNTASK": {
      const [workflowId] = argumentsOf(rest);
      return workflowId === undefined ? malformed("Request is missing task_id") : { verb, workflowId };
    }
    case "REGISTERAGENT": {
      const [agentId] = argumentsOf(rest);
      return agentId === undefined ? malformed("Missing arg AGENT_ID") : { verb, agentId };
    }
    case "FETCHWORKFLOW": {
      const [agentId] = argumentsOf(rest);
      return agentId === undefined ? malformed("Missing agent id") : { verb, agentId };
    }
    case "AGENTWORKFLOWSTATUS":
      return parseWorkflowStatus(argumentsOf(rest));
    case "AGENTTASKSTATUS":
      return parseTaskStatus(argumentsOf(rest));
    case "QUERYLOGS":
      return parseQueryLogs(argumentsOf(rest));
    default:
      return { verb: "UNKNOWN", name: verb, argument: rest };
  }
}

/** No verb has more; a body full of separators shall not become an array of its size. */
const maxArguments = 5;

function argumentsOf(rest: string | undefined): string[] {
  return rest === undefined ? [] : rest.split(fieldSeparator, maxArguments);
}

function parseWorkflowStatus(fields: readonly string[]): WorkflowStatusRequest | MalformedRequest {
  const [agentId, workflowId, workflowInstanceId, status] = fields;
  if (agentId === undefined) return malformed("Missing arg AGENT_ID");
  if (workflowId === undefined) return malformed("Missing arg TASK_ID");
  if (workflowInstanceId === undefined) return malformed("Missing arg TASK_EXECUTION_ID");
  if (status === undefined) return malformed("Missing arg TASK_STATUS");
  if (!isOriginalStatus(status)) return malformed(`Unrecognised task status: ${status}`);
  return { verb: "AGENTWORKFLOWSTATUS", agentId, workflowId, workflowInstanceId, status };
}

function parseTaskStatus(fields: readonly string[]): TaskStatusRequest | MalformedRequest {
  const [agentId, taskId, taskInstanceId, workflowInstanceId, status] = fields;
  if (agentId === undefined) return malformed("Missing arg AGENT_ID");
  if (taskId === undefined) return malformed("Missing arg TASK_ID");
  if (taskInstanceId === undefined) return malformed("Missing arg TASK_EXECUTION_ID");
  if (workflowInstanceId === undefined) return malformed("Missing arg WORKFLOW_INSTANCE_ID");
  if (status === undefined) return malformed("Missing arg TASK_STATUS");
  if (!isOriginalStatus(status)) return malformed(`Unrecognised task status: ${status}`);
  return { verb: "AGENTTASKSTATUS", agentId, taskId, taskInstanceId, workflowInstanceId, status };
}

/** End comes before start. A bad end is reported before a missing start, and a bad start is called an end too. */
function parseQueryLogs(fields: readonly string[]): QueryLogsRequest | MalformedRequest {
  const [end, start, workflowId, workflowInstanceId, verbose] = fields;
  if (end === undefined) return malformed("Missing END_TIMESTAMP");
  const endMs = parseBound(end);
  if (endMs === undefined) return malformed("Not a valid end timestamp");
  if (start === undefined) return malformed("Missing START_TIMESTAMP parameter");
  const startMs = parseBound(start);
  if (startMs === undefined) return malformed("Not a valid end timestamp");
  if (workflowId === undefined) return malformed("Missing WORKFLOW_ID parameter");
  if (workflowInstanceId === undefined) return malformed("Missing WORKFLOW_INSTANCE_ID parameter");
  return {
    verb: "QUERYLOGS",
    endMs,
    startMs,
    workflowId: workflowId === "" ? null : workflowId,
    workflowInstanceId: workflowInstanceId === "" ? null : workflowInstanceId,
    verbose: verbose !== undefined && verbose !== "",
  };
}

/** A bound beyond what a double holds exactly is lowered to that; no log line is that young, so the answer is the same. */
function parseBound(text: string): number | null | undefined {
  return text === "" ? null : parseUnsigned64(text);
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * The times a QUERYLOGS request asks for, its defaults filled in: until now, from a day before the end.
 *
 * @param nowMs The principal's clock, Unix milliseconds.
 * @returns Unix milliseconds; the start is inclusive, the end exclusive.
 */
export function queryLogsRange(request: QueryLogsRequest, nowMs: number): { startMs: number; endMs: number } {
  const endMs = request.endMs ?? nowMs;
  return { startMs: request.startMs ?? Math.max(endMs - dayMs, 0), endMs };
}

/**
 * The body of a request, one frame.
 *
 * @throws {CdktrError} INVALID_ARGUMENT when an argument cannot be sent: it holds the separator, a time is not a whole
 * number of milliseconds from 0, or a filter of QUERYLOGS holds a `'`, which ends the original's principal.
 */
export function encodeRequest(request: OriginalRequest): Uint8Array<ArrayBuffer> {
  return encodeText(joinFields([request.verb, ...encodeArguments(request)]));
}

function encodeArguments(request: OriginalRequest): readonly string[] {
  switch (request.verb) {
    case "PING":
    case "LSWORKFLOWS":
    case "GETRECENTSTATUSES":
    case "GETREGISTEREDAGENTS":
      return [];
    case "RUNTASK":
      return [request.workflowId];
    case "REGISTERAGENT":
    case "FETCHWORKFLOW":
      return [request.agentId];
    case "AGENTWORKFLOWSTATUS":
      return [request.agentId, request.workflowId, request.workflowInstanceId, request.status];
    case "AGENTTASKSTATUS":
      return [request.agentId, request.taskId, request.taskInstanceId, request.workflowInstanceId, request.status];
    case "QUERYLOGS":
      return [
        encodeBound(request.endMs),
        encodeBound(request.startMs),
        encodeFilter(request.workflowId),
        encodeFilter(request.workflowInstanceId),
        request.verbose ? "v" : "",
      ];
  }
}

function encodeBound(timeMs: number | null): string {
  if (timeMs === null) return "";
  if (Number.isSafeInteger(timeMs) && timeMs >= 0) return String(timeMs);
  throw new CdktrError(
    "INVALID_ARGUMENT",
    `Cannot query logs with the time ${timeMs}: it is not a whole number of Unix milliseconds from 0 up.`,
  );
}

function encodeFilter(id: string | null): string {
  if (id === null) return "";
  if (!id.includes("'")) return id;
  throw new CdktrError(
    "INVALID_ARGUMENT",
    `Cannot query logs of ${JSON.stringify(id)}: an original principal does not survive an id with the character '.`,
    { hint: "Query without this filter." },
  );
}
