/** `cdktr runs show`: one run with all its tasks. */
import { Command } from "@commander-js/extra-typings";
import { timestamp } from "../../clock/mod.ts";
import { CdktrError, counted, isFinal, type Run } from "../../core/mod.ts";
import { labelsAmong, type ReplyTo } from "../../wire/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";
import { asciiGlyphs, glyphsFor, printable, type TimelineInput, timelineLines } from "../../paint/mod.ts";
import { printLines } from "../print_lines.ts";
import { durationText } from "../run_view.ts";
import { loadSettings, settingOption } from "../settings.ts";
import { type ShownTask, shownTasks } from "../shown_tasks.ts";
import { formatTable } from "../table.ts";

const afterHelp = `
Times are in UTC. In JSON the state of a task that no agent has reported yet is null. What tasks left as outputs stands below
them. Of a run that was retried "Waited" and "Took" are those of its present attempt, "Before" tells how the earlier ones ended.
\`cdktr explain\` tells how it came to all that.

Examples:
  cdktr runs show 0198c7a2-3f41
  cdktr runs show 0198c7a2-3f41 --timeline
  cdktr runs show 0198c7a2-3f41 --json | jq '.tasks[] | select(.state == "FAILED")'`;

export function runsShowCommand(invocation: Invocation) {
  const { stdout, stderr, clock } = invocation;
  return new Command("show")
    .summary("Show a run and its tasks")
    .description("Show a run and its tasks, in an order in which each comes after those it depends on.")
    .argument("<run>", "the run's id, or a unique beginning of it")
    .option("--timeline", "in place of the tasks' table print when each of them waited and ran, and what was critical")
    .option("--ascii", "draw in ASCII, as is done where the locale is not UTF-8")
    .option("--json", "print one JSON object")
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (idOrPrefix, { timeline, ascii, json }, command) => {
      if (timeline && json) {
        throw new CdktrError("INVALID_ARGUMENT", "--timeline is a picture, and --json is data.", {
          hint: "Give one of them. The times a timeline is drawn from are in the JSON.",
        });
      }
      await using client = connectToPrincipal(loadSettings(invocation, command), invocation, "cli");
      const shown = await client.call("SHOWRUN", { run: idOrPrefix });
      const { tasks, problem } = shownTasks(shown);
      if (problem !== null) stderr.say(`note: only tasks that were reported are shown. ${printable(problem)}`);
      const { run, earlier, waitingSinceMs } = shown;
      if (json) await printJson(stdout, { ...run, waitingSinceMs, earlier, tasks });
      else if (timeline) {
        const nowMs = clock.nowMs();
        const glyphs = ascii ? asciiGlyphs : glyphsFor(invocation.environment);
        const width = stdout.columns() ?? timelineWidth;
        await stdout.write(`${factsText(shown, nowMs)}\n`);
        await printLines(
          invocation,
          timelineLines(timelineInput(shown, tasks, nowMs), { glyphs, width }).lines,
          glyphs,
        );
      } else {
        const nowMs = clock.nowMs();
        const outputs = outputRows(tasks);
        await stdout.write(factsText(shown, nowMs));
        await stdout.write(`\n${formatTable(columns, taskRows(run, tasks, nowMs), stdout.columns())}`);
        if (outputs.length > 0) await stdout.write(`\n${formatTable(outputColumns, outputs, stdout.columns())}`);
      }
    });
}

/** Columns of a timeline where stdout is no terminal. */
const timelineWidth = 100;

function timelineInput(
  { run, tasks: taskRuns, kept, earlier, waitingSinceMs }: ReplyTo<"SHOWRUN">,
  tasks: readonly ShownTask[],
  nowMs: number,
): TimelineInput {
  const nodes = tasks.map(({ taskId, name, depends }) => ({ id: taskId, name: name ?? taskId, depends }));
  return { run, taskRuns, tasks: nodes, earlier, waitingSinceMs, kept, nowMs };
}

/** Earlier attempts that are shown; of more the newest. */
const earlierMax = 10;

function factsText({ run, earlier, waitingSinceMs }: ReplyTo<"SHOWRUN">, nowMs: number): string {
  const { agentId, instanceId, triggeredAtMs, startedAtMs, finishedAtMs } = run;
  const endMs = isFinal(run.state) ? finishedAtMs : nowMs;
  const params = Object.entries(run.params).map(([key, value]) => `${key}=${value}`);
  const labels = labelsAmong(run.requires);
  const crashes = run.crashRetries === 0
    ? ""
    : `, after ${run.crashRetries === 1 ? "1 crash" : `${run.crashRetries} crashes`}`;
  const facts: [label: string, text: string][] = [
    ["Run", run.runId],
    ["Workflow", run.workflowName === run.workflowId ? run.workflowId : `${run.workflowId} (${run.workflowName})`],
    ["State", stateText(run)],
    ["Reason", run.reason ?? ""],
    ["Trigger", run.dueMs === null ? run.trigger : `${run.trigger}, due at ${timestamp(run.dueMs)}`],
    ...params.map((param, index): [string, string] => [index === 0 ? "Params" : "", param]),
    ["Priority", run.priority === 0 ? "" : String(run.priority)],
    ["Labels", labels.join(", ")],
    ["Agent", agentId === null ? "" : instanceId === null ? agentId : `${agentId}, which calls the run ${instanceId}`],
    [
      "Attempt",
      run.attempt === 0 ? "" : `${isBetweenAttempts(run) ? `none after ${run.attempt} yet` : run.attempt}${crashes}`,
    ],
    ...earlierTexts(earlier).map((text, index): [string, string] => [index === 0 ? "Before" : "", text]),
    ["Triggered", timestamp(triggeredAtMs)],
    ["Started", startedAtMs === null ? "" : timestamp(startedAtMs)],
    ["Finished", finishedAtMs === null ? "" : timestamp(finishedAtMs)],
    ["Waited", durationText(waitingSinceMs, startedAtMs ?? endMs)],
    ["Took", durationText(startedAtMs, endMs)],
  ];
  const lines = facts.filter(([, text]) => text !== "");
  return lines.map(([label, text]) => `${label.padEnd(11)}${printable(text)}\n`).join("");
}

/** Its last attempt is over, and it waits for another. */
function isBetweenAttempts({ state, attempt }: Run): boolean {
  return state === "PENDING" && attempt > 0;
}

function earlierTexts(earlier: ReplyTo<"SHOWRUN">["earlier"]): string[] {
  const left = earlier.length - earlierMax;
  const texts = earlier.slice(-earlierMax).map(({ attempt, state, agentId, assignedAtMs, endedAtMs, reason }) =>
    `attempt ${attempt} ${state} at ${timestamp(endedAtMs)}, after ${
      durationText(assignedAtMs, endedAtMs)
    } on ${agentId}` +
    (reason === null ? "" : `: ${reason}`)
  );
  return left > 0 ? [`${counted(left, "attempt")} that --json tells of`, ...texts] : texts;
}

function stateText({ state, cancelReason, cancelTasks, paused }: Run): string {
  const wishes = isFinal(state) ? [] : [
    ...(cancelReason === null ? [] : [`being cancelled: ${cancelReason}`]),
    ...(cancelTasks.length === 0 ? [] : [`tasks being cancelled: ${cancelTasks.join(", ")}`]),
    ...(paused ? ["paused"] : []),
  ];
  return [state, ...wishes].join(", ");
}

const columns = [
  { heading: "TASK" },
  { heading: "STATE", whole: true },
  { heading: "TOOK", align: "right", whole: true },
  { heading: "EXIT", align: "right", whole: true },
  { heading: "TRIES", align: "right", whole: true },
  { heading: "REASON" },
] as const;

function taskRows(run: Run, tasks: readonly ShownTask[], nowMs: number): string[][] {
  return tasks.map(({ taskId, isKept, state, startedAtMs, finishedAtMs, exitCode, tryNumber, reason }) => [
    taskId,
    state ?? (isFinal(run.state) ? "-" : "waiting"),
    durationText(startedAtMs, state === "RUNNING" ? nowMs : finishedAtMs),
    exitCode === null ? "" : String(exitCode),
    tryNumber === null || state === "SKIPPED" ? "" : String(tryNumber),
    reason ?? (isKept ? "kept from the attempt before" : ""),
  ]);
}

const outputColumns = [{ heading: "TASK" }, { heading: "OUTPUT" }, { heading: "VALUE" }] as const;

function outputRows(tasks: readonly ShownTask[]): string[][] {
  return tasks.flatMap(({ taskId, outputs }) =>
    Object.entries(outputs ?? {}).map(([key, value]) => [taskId, key, value])
  );
}
