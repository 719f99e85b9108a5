/** The payloads of GETRECENTSTATUSES and GETREGISTEREDAGENTS. */
import * as z from "zod";
import { type OriginalStatus, originalStatuses } from "./original_status.ts";
import { parsePayload } from "./payload.ts";

/** The newest status of a workflow, whatever its instance. */
export interface RecentStatus {
  readonly workflowId: string;
  readonly workflowInstanceId: string;
  readonly status: OriginalStatus;
  /** When the principal heard of it, Unix milliseconds. */
  readonly timestampMs: number;
}

/** How many elements the original's GETRECENTSTATUSES has at most: one for each workflow, newest first. */
export const maxRecentStatuses = 10;

/** An agent as the principal knows it. */
export interface RegisteredAgent {
  readonly agentId: string;
  /** When it was last heard, Unix **microseconds**, as on the wire. */
  readonly lastPingMicros: number;
  /** Workflows it runs; the wire calls them tasks. */
  readonly runningWorkflows: number;
}

/** The payload of a GETRECENTSTATUSES reply, in the order given. */
export function encodeRecentStatuses(statuses: readonly RecentStatus[]): string {
  return JSON.stringify(statuses.map((recent) => ({
    workflow_id: recent.workflowId,
    workflow_instance_id: recent.workflowInstanceId,
    status: recent.status,
    timestamp_ms: recent.timestampMs,
  })));
}

const recentStatusesSchema = z.array(z.object({
  workflow_id: z.string(),
  workflow_instance_id: z.string(),
  status: z.enum(originalStatuses),
  timestamp_ms: z.int().nonnegative(),
}));

/**
 * Reads the payload of a GETRECENTSTATUSES reply.
 *
 * @throws {CdktrError} UNSUPPORTED when it has another shape.
 */
export function parseRecentStatuses(payload: string): RecentStatus[] {
  return parsePayload(recentStatusesSchema, payload, "the recent statuses").map((recent) => ({
    workflowId: recent.workflow_id,
    workflowInstanceId: recent.workflow_instance_id,
    status: recent.status,
    timestampMs: recent.timestamp_ms,
  }));
}

/** The payload of a GETREGISTEREDAGENTS reply, in the order given. */
export function encodeRegisteredAgents(agents: readonly RegisteredAgent[]): string {
  return JSON.stringify(agents.map((agent) => ({
    agent_id: agent.agentId,
    last_ping_timestamp: agent.lastPingMicros,
    running_tasks: agent.runningWorkflows,
  })));
}

const registeredAgentsSchema = z.array(z.object({
  agent_id: z.string(),
  last_ping_timestamp: z.int(),
  running_tasks: z.int().nonnegative(),
}));

/**
 * Reads the payload of a GETREGISTEREDAGENTS reply.
 *
 * @throws {CdktrError} UNSUPPORTED when it has another shape.
 */
export function parseRegisteredAgents(payload: string): RegisteredAgent[] {
  return parsePayload(registeredAgentsSchema, payload, "the list of agents").map((agent) => ({
    agentId: agent.agent_id,
    lastPingMicros: agent.last_ping_timestamp,
    runningWorkflows: agent.running_tasks,
  }));
}
