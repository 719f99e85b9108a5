/** `cdktr runs watch`: what becomes of a run, or of all runs, while it happens. */
import { Command } from "@commander-js/extra-typings";
import type { PrincipalClient } from "../../client/mod.ts";
import { isFinal } from "../../core/mod.ts";
import { workflowFromJson } from "../../workflow/definition.ts";
import { connectToPrincipal } from "../connect.ts";
import { exitCodes } from "../exit_codes.ts";
import { listenForInterrupt } from "../interrupt.ts";
import type { Invocation } from "../invocation.ts";
import { allRunsDisplay, oneRunDisplay } from "../run_display.ts";
import type { RunView } from "../run_changes.ts";
import { terminalSize } from "../stderr_block.ts";
import { summaryOf } from "../run_view.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { shownTasks } from "../shown_tasks.ts";
import { goesOn } from "../wait_for_run.ts";
import { watchRun } from "../watch_run.ts";
import { watchRuns } from "../watch_runs.ts";

const afterHelp = `
Of a run it shows each task, until the run ends; the exit code is 0 if it completed and 1 if it did not. Without a run it shows all
that are under way and those that begin meanwhile, until Ctrl-C. On a terminal the display is drawn in place; elsewhere each
change is a line, with --json a JSON object. Ctrl-C ends the watch and not the run. Times are in UTC.

Examples:
  cdktr runs watch 0198c7a2-3f41
  cdktr runs watch
  cdktr runs watch 0198c7a2-3f41 --json | jq -r 'select(.type == "task") | .taskId + " " + .state'`;

export function runsWatchCommand(invocation: Invocation) {
  return new Command("watch")
    .summary("Show a run, or all runs, while they go on")
    .description("Show a run while it goes on, or all runs under way.")
    .argument("[run]", "the run's id, or a unique beginning of it; without it all runs")
    .option("--ascii", "draw in ASCII, as is done where the locale is not UTF-8")
    .option("--json", "print one JSON object a line for each change")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (run, { ascii, json }, command) => {
      const form = { json: json === true, ascii: ascii === true };
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      if (run === undefined) await watchAll(invocation, client, form);
      else await watchOne(invocation, client, run, form);
    });
}

interface Form {
  readonly json: boolean;
  readonly ascii: boolean;
}

async function watchOne(invocation: Invocation, client: PrincipalClient, run: string, form: Form): Promise<void> {
  const { stdout, stderr, clock } = invocation;
  using interrupt = listenForInterrupt();
  let last: RunView | null = null;
  try {
    using display = oneRunDisplay(invocation, form);
    const signal = AbortSignal.any([interrupt.signal, display.failed]);
    for await (const news of watchRun(client, clock, run, signal)) {
      if (news.type === "lost") {
        await display.lost(news.why);
        continue;
      }
      last = { run: news.shown.run, tasks: shownTasks(news.shown).tasks, shown: news.shown };
      await display.show(last);
    }
    display.end();
  } catch (error) {
    if (interrupt.signal.aborted) stderr.say(goesOn(last?.run.runId ?? run));
    throw error;
  }
  if (last === null || !isFinal(last.run.state)) return;
  const { shown } = last;
  if (!form.json && terminalSize(invocation.environment, stdout) !== null) {
    await stdout.write(`${summaryOf(shown.run, shown.tasks, workflowFromJson(shown.workflow))}\n`);
  }
  if (shown.run.state !== "COMPLETED") invocation.exitCode = exitCodes.failed.code;
}

async function watchAll(invocation: Invocation, client: PrincipalClient, form: Form): Promise<void> {
  using interrupt = listenForInterrupt();
  using display = allRunsDisplay(invocation, client, form);
  const signal = AbortSignal.any([interrupt.signal, display.failed]);
  for await (const news of watchRuns(client, invocation.clock, signal)) {
    if (news.type === "lost") await display.lost(news.why);
    else await display.show(news, signal);
  }
}
