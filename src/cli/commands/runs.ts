/** `cdktr runs`: what ran, what runs, and steering it. */
import { Command } from "@commander-js/extra-typings";
import type { Invocation } from "../invocation.ts";
import { runsCancelCommand } from "./runs_cancel.ts";
import { runsListCommand } from "./runs_list.ts";
import { runsPauseCommand, runsResumeCommand } from "./runs_pause.ts";
import { runsRetryCommand } from "./runs_retry.ts";
import { runsShowCommand } from "./runs_show.ts";
import { runsWatchCommand } from "./runs_watch.ts";

export function runsCommand(invocation: Invocation) {
  return new Command("runs")
    .description("List, show, watch and steer the runs of a principal.")
    .addCommand(runsListCommand(invocation))
    .addCommand(runsShowCommand(invocation))
    .addCommand(runsWatchCommand(invocation))
    .addCommand(runsCancelCommand(invocation))
    .addCommand(runsRetryCommand(invocation))
    .addCommand(runsPauseCommand(invocation))
    .addCommand(runsResumeCommand(invocation));
}
