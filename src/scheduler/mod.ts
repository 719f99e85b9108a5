/** An event listener that triggers workflows by their cron expressions. */
export { Scheduler, type SchedulerOptions } from "./scheduler.ts";
