/** Decisions, pure: no clock, disk, network or randomness of its own. */
export type {
  CommandOf,
  CommandType,
  Holding,
  Noted,
  ReplyOf,
  Report,
  RunReport,
  Steering,
  TaskReport,
  TriggerReply,
  WishReply,
  WorkReply,
} from "./command.ts";
export { counted } from "./counted.ts";
export { decide } from "./decide.ts";
export type { Decision } from "./decision.ts";
export { CdktrError, type CdktrErrorOptions, type ErrorCode, errorCodes, messageOf } from "./error.ts";
export { type Event, runIdOf, type ScheduleText } from "./event.ts";
export { paramKey } from "./param_key.ts";
export {
  crashPolicies,
  type CrashPolicy,
  crashRetriesMax,
  type Definition,
  type FinalRunState,
  finalRunStates,
  isFinal,
  type Overlap,
  overlaps,
  type Run,
  type RunPolicy,
  type RunState,
  runStates,
  type TaskRun,
  type TaskState,
  taskStates,
  type TriggerKind,
  triggerKinds,
} from "./run.ts";
export { makeRunId, runIdLowerBound, runIdRandomBytes, RunIds } from "./run_id.ts";
export type { OperatorLog } from "./operator_log.ts";
export { type Change, holderKey, type NotedSchedule, type Snapshot, State } from "./state.ts";
