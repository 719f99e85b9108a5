/** What the values of options and arguments are. Options that name their choices need no row here. */
import type { Argument, Option } from "@commander-js/extra-typings";
import { settings } from "../../config/mod.ts";
import { choicesOf } from "../choices.ts";
import { settingOf } from "../settings.ts";

/**
 * A kind of value: what a principal knows, what lies on the disk, or anything (`text`). A `subject` is a run or a workflow,
 * a `runnable` a workflow or its file.
 */
export type Kind =
  | "agent"
  | "context"
  | "directory"
  | "file"
  | "manual"
  | "param"
  | "run"
  | "runnable"
  | "subject"
  | "task"
  | "taskName"
  | "text"
  | "timezone"
  | "workflow";

const optionKinds: Readonly<Record<string, Kind>> = {
  "--agent": "agent",
  "--at": "text",
  "--body-param": "text",
  "--config": "file",
  "--context": "context",
  "--current": "text",
  "--cursor": "text",
  "--end-datetime-utc": "text",
  "--from": "task",
  "--grep": "text",
  "--host": "text",
  "--idempotency-key": "text",
  "--labels": "text",
  "--last": "text",
  "--limit": "text",
  "--log-level": "text",
  "--match": "text",
  "--max-body": "text",
  "--max-concurrent": "text",
  "--max-concurrent-workflows": "text",
  "--max-rows": "text",
  "--move-to": "directory",
  "--number": "text",
  "--output": "file",
  "--param": "param",
  "--path": "text",
  "--port": "text",
  "--principal-host": "text",
  "--principal-port": "text",
  "--reason": "text",
  "--rescan": "text",
  "--run": "run",
  "--secret-file": "file",
  "--settle": "text",
  "--since": "text",
  "--start-datetime-utc": "text",
  "--state": "file",
  "--suffix": "text",
  "--task": "task",
  "--timeout": "text",
  "--timezone": "timezone",
  "--token-file": "file",
  "--until": "text",
  "--workflow": "workflow",
  "--workflow-dir": "directory",
  "--workflow-id": "workflow",
  "--workflow-instance-id": "run",
};

const argumentKinds: Readonly<Record<string, Kind>> = {
  agent: "agent",
  command: "manual",
  directory: "directory",
  file: "file",
  files: "file",
  id: "subject",
  path: "directory",
  paths: "file",
  query: "text",
  run: "run",
  subject: "subject",
  task: "task",
  words: "text",
  workflow: "runnable",
};

/** Where a value is of another kind than the name says, by the command's path and the name. */
const exceptions: Readonly<Record<string, Kind>> = {
  "logs --task": "taskName",
  "logs query --task": "taskName",
  "listen webhook --param": "text",
  "import crontab --output": "directory",
  "import systemd --output": "directory",
  "man --output": "directory",
  "task run workflow": "workflow",
};

/** What can be given for an option or an argument. */
export type Expected =
  | { readonly choices: readonly string[]; readonly isList: boolean }
  | { readonly kind: Kind };

/**
 * What an option of a command takes; null where nothing is known of it.
 *
 * @param path The names of the commands down to it, without the program's.
 */
export function expectedOfOption(path: string, option: Option): Expected | null {
  const key = settingOf(option);
  const setting = key === undefined ? undefined : settings[key];
  const choices = option.argChoices ?? (setting !== undefined && "choices" in setting ? setting.choices : undefined);
  const several = choicesOf(option.parseArg);
  if (several !== undefined) return { choices: several.map((choice) => choice.toLowerCase()), isList: true };
  if (choices !== undefined) return { choices, isList: false };
  const flag = option.long ?? option.flags;
  return ofKind(exceptions[`${path} ${flag}`] ?? optionKinds[flag]);
}

/** As {@linkcode expectedOfOption}, for an argument. */
export function expectedOfArgument(path: string, argument: Argument): Expected | null {
  if (argument.argChoices !== undefined) return { choices: argument.argChoices, isList: false };
  return ofKind(exceptions[`${path} ${argument.name()}`] ?? argumentKinds[argument.name()]);
}

function ofKind(kind: Kind | undefined): Expected | null {
  return kind === undefined ? null : { kind };
}
