/** Decisions, pure: no clock, disk, network or randomness of its own. */
export type {
  CommandOf,
  CommandType,
  Holding,
  ReplyOf,
  Report,
  RunReport,
  TaskReport,
  TriggerReply,
  WorkReply,
} from "./command.ts";
export { decide } from "./decide.ts";
export type { Decision } from "./decision.ts";
export { CdktrError, type CdktrErrorOptions, type ErrorCode, errorCodes, messageOf } from "./error.ts";
export { type Event, runIdOf } from "./event.ts";
export {
  type Definition,
  type FinalRunState,
  finalRunStates,
  isFinal,
  type Run,
  type RunState,
  runStates,
  type TaskRun,
  type TaskState,
  taskStates,
  type TriggerKind,
  triggerKinds,
} from "./run.ts";
export { makeRunId, runIdLowerBound, runIdRandomBytes, RunIds } from "./run_id.ts";
export { definitionSchema, eventSchema, runSchema, snapshotSchema, taskRunSchema } from "./schema.ts";
export type { OperatorLog } from "./operator_log.ts";
export { type Change, holderKey, type Snapshot, State } from "./state.ts";
