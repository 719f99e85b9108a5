/** How states look. */
import type { RunState, TaskState } from "../core/mod.ts";
import type { Role } from "./role.ts";

const roles: Readonly<Record<RunState | TaskState, Role>> = {
  PENDING: "idle",
  ASSIGNED: "idle",
  RUNNING: "busy",
  COMPLETED: "good",
  FAILED: "bad",
  CRASHED: "bad",
  CANCELLED: "warn",
  SKIPPED: "faint",
};

/** The role of a text about a run or task in this state. */
export function stateRole(state: RunState | TaskState): Role {
  return roles[state];
}
