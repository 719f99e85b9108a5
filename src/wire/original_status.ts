/** The names the original has for the state of a workflow instance or a task instance. */

/** Every status the original accepts; any other name is an error for its principal and for its clients. */
export const originalStatuses = ["PENDING", "RUNNING", "WAITING", "COMPLETED", "FAILED", "CRASHED"] as const;
/** A status the original accepts. */
export type OriginalStatus = typeof originalStatuses[number];

/** Whether `text` is one of {@linkcode originalStatuses}. Case counts. */
export function isOriginalStatus(text: string): text is OriginalStatus {
  return originalStatuses.some((status) => status === text);
}

const originalStatusByState = {
  PENDING: "PENDING",
  ASSIGNED: "PENDING",
  RUNNING: "RUNNING",
  COMPLETED: "COMPLETED",
  FAILED: "FAILED",
  CRASHED: "CRASHED",
  CANCELLED: "FAILED",
  SKIPPED: null,
} as const;

/** The states of runs and tasks that {@linkcode toOriginalStatus} takes. */
export type TranslatableState = keyof typeof originalStatusByState;

/**
 * What a state of ours is called towards an original peer: the nearest status it knows, or null where it expects to hear
 * nothing at all (a skipped task).
 */
export function toOriginalStatus(state: TranslatableState): OriginalStatus | null {
  return originalStatusByState[state];
}
