/** `cdktr runs`: what ran, what runs, and ending it. */
import { Command } from "@commander-js/extra-typings";
import type { Invocation } from "../invocation.ts";
import { runsCancelCommand } from "./runs_cancel.ts";
import { runsListCommand } from "./runs_list.ts";
import { runsShowCommand } from "./runs_show.ts";

export function runsCommand(invocation: Invocation) {
  return new Command("runs")
    .description("List, show and cancel the runs of a principal.")
    .addCommand(runsListCommand(invocation))
    .addCommand(runsShowCommand(invocation))
    .addCommand(runsCancelCommand(invocation));
}
