/** What must hold for schedules: no due time counts twice, and with catch-up none is left out. */
import { scheduleOf } from "../../src/workflow/mod.ts";
import type { JournalModel } from "./journal_model.ts";
import { workflows } from "./workflows.ts";
import type { World } from "./world.ts";

/** Due once a day, in the hour that is skipped in spring and comes twice in autumn. */
const onceADay = "nightly";
/** Due times that came so shortly before the end may still be under way. */
const underWayMs = 10_000;

/** @param nowMs What the principal's wall clock shows. */
export function checkSchedules(world: World, model: JournalModel, nowMs: number): void {
  for (const workflow of workflows) {
    const schedule = scheduleOf(workflow);
    if (schedule === null) continue;
    const taken = new Map<number, number>();
    let notedMs: number | null = null;
    for (const { event } of model.events) {
      if (!("workflowId" in event) || event.workflowId !== workflow.id) continue;
      if (event.type === "schedule_noted") notedMs = event.atMs;
      if ((event.type === "run_triggered" || event.type === "trigger_skipped") && event.dueMs !== null) {
        taken.set(event.dueMs, (taken.get(event.dueMs) ?? 0) + 1);
      }
    }
    const days = new Set<string>();
    for (const [dueMs, times] of taken) {
      const iso = new Date(dueMs).toISOString();
      if (workflow.id === onceADay) {
        const day = new Intl.DateTimeFormat("en-CA", { timeZone: workflow.timezone }).format(dueMs);
        if (days.has(day)) world.violated("schedules are kept", `${workflow.id} was triggered twice on ${day}`);
        days.add(day);
        world.coverage.count("due times near a change of the clocks");
      }
      if (times > 1) world.violated("a due time counts once", `${workflow.id} was triggered ${times} times for ${iso}`);
      if (schedule.next(dueMs - 1) !== dueMs) {
        world.violated("schedules are kept", `${workflow.id} was triggered for ${iso}, when it was not due`);
      }
    }
    if (workflow.catchup === 0 || notedMs === null) continue;
    for (
      let dueMs = schedule.next(notedMs);
      dueMs !== null && dueMs < nowMs - underWayMs;
      dueMs = schedule.next(dueMs)
    ) {
      world.coverage.count("due times of schedules that catch up");
      if (taken.has(dueMs)) continue;
      world.violated(
        "no due time is left out",
        `${workflow.id} was not triggered for ${new Date(dueMs).toISOString()}`,
      );
    }
  }
}
