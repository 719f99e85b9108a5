/** What the word at the cursor can become. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Config } from "../../config/mod.ts";
import { type LoadTree, shownCommands } from "../command_tree.ts";
import { contextsOf } from "../contexts.ts";
import type { Invocation } from "../invocation.ts";
import { loadSettings } from "../settings.ts";
import { type Expected, expectedOfArgument, expectedOfOption, type Kind } from "./kinds.ts";
import type { Candidate, RunChoice } from "./live_values.ts";
import { type Place, placeAfter } from "./place.ts";

/** What a shell offers. */
export interface Offer {
  /** In the order in which they are to be shown. */
  readonly candidates: readonly Candidate[];
  /** What it offers of the disk besides. */
  readonly disk: "files" | "directories" | null;
}

const nothing: Offer = { candidates: [], disk: null };

/** Runs that a command can do something with, by its path. */
const runChoices: Readonly<Record<string, RunChoice>> = {
  "runs cancel": "not ended",
  "runs pause": "not ended",
  "runs resume": "not ended",
  "runs retry": "ended, not completed",
};

/**
 * What a word can become.
 *
 * @param before The words between the program's name and this one.
 * @param current The beginning of the word.
 */
export async function offerFor(
  invocation: Invocation,
  loadTree: LoadTree,
  before: readonly string[],
  current: string,
): Promise<Offer> {
  const program = await loadTree((name) => before.includes(name));
  const place = placeAfter(program, before);
  const { command, option, argument, takesOptions, positionals } = place;
  const scene: Scene = { invocation, program, place };
  if (option !== null) return await offerValues(scene, expectedOfOption(pathOf(command), option), current);
  if (takesOptions && current.startsWith("-")) return await offerOptions(scene, current);
  const expected = argument === null ? null : expectedOfArgument(pathOf(command), argument);
  const { candidates, disk } = await offerValues(scene, expected, current);
  const commands = positionals.length > 0 ? [] : shownCommands(command).map(asCandidate);
  return { candidates: [...beginningWith(commands, current), ...candidates], disk };
}

interface Scene {
  readonly invocation: Invocation;
  readonly program: CommandUnknownOpts;
  readonly place: Place;
}

/** The options of a command; behind `=`, the values of one. */
async function offerOptions(scene: Scene, current: string): Promise<Offer> {
  const { command } = scene.place;
  const equals = current.indexOf("=");
  if (equals === -1) {
    const options = command.createHelp().visibleOptions(command).map(({ long, short, description }) => {
      return { value: long ?? short ?? "", about: description };
    });
    return { candidates: beginningWith(options, current), disk: null };
  }
  const flag = current.slice(0, equals);
  const option = command.options.find(({ long }) => long === flag);
  if (option === undefined) return nothing;
  const { candidates, disk } = await offerValues(
    scene,
    expectedOfOption(pathOf(command), option),
    current.slice(equals + 1),
  );
  return { candidates: candidates.map(({ value, about }) => ({ value: `${flag}=${value}`, about })), disk };
}

async function offerValues(scene: Scene, expected: Expected | null, current: string): Promise<Offer> {
  if (expected === null) return nothing;
  if ("choices" in expected) {
    // Of a list, the parts before the last comma stay.
    const done = expected.isList ? current.slice(0, current.lastIndexOf(",") + 1) : "";
    const isUpper = expected.isList && /[A-Z]/.test(current);
    const choices = expected.choices.map((choice) => isUpper ? choice.toUpperCase() : choice);
    const candidates = choices.filter((choice) => !done.split(",").includes(choice))
      .map((choice) => ({ value: done + choice, about: "" }));
    return { candidates: beginningWith(candidates, current), disk: null };
  }
  const { kind } = expected;
  if (kind === "file" || kind === "directory") {
    return { candidates: [], disk: kind === "file" ? "files" : "directories" };
  }
  const known = kind === "manual" ? pagesBelow(scene) : await liveValues(scene, kind);
  return { candidates: beginningWith(known, current), disk: kind === "runnable" ? "files" : null };
}

async function liveValues({ invocation, place }: Scene, kind: Kind): Promise<Candidate[]> {
  const config = kind === "text" ? null : settingsOf(invocation, place);
  if (config === null) return [];
  const { LiveValues } = await import("./live_values.ts"); // Most words need none of what it needs.
  const live = new LiveValues(invocation, config);
  const run = place.given.get("--run") ?? place.given.get("--workflow-instance-id") ?? place.positionals[0];
  const workflow = place.given.get("--workflow") ?? place.given.get("--workflow-id") ?? place.positionals[0];
  switch (kind) {
    case "agent":
      return await live.agents();
    case "context":
      return [...contextsOf(config)].map(([value, { host, port }]) => ({ value, about: `${host}:${port}` }));
    case "run":
      // What has completed can be retried from a task on.
      return await live.runs(place.given.has("--from") ? "ended" : runChoices[pathOf(place.command)] ?? "all");
    case "param":
      return workflow === undefined ? [] : await live.params(workflow);
    case "runnable":
    case "workflow":
      return await live.workflows();
    case "subject":
      return (await Promise.all([live.workflows(), live.runs("all")])).flat();
    case "task":
    case "taskName":
      if (run !== undefined) return await live.tasks(run, kind === "task" ? "id" : "name");
      return workflow === undefined ? [] : await live.tasksOfWorkflow(workflow);
    case "timezone":
      return Intl.supportedValuesOf("timeZone").map((value) => ({ value, about: "" }));
    default:
      return [];
  }
}

/** The commands below the one whose page is being named. */
function pagesBelow({ program, place }: Scene): Candidate[] {
  let command: CommandUnknownOpts | undefined = program;
  for (const word of place.positionals) command = command?.commands.find((child) => child.name() === word);
  return command === undefined ? [] : shownCommands(command).map(asCandidate);
}

/** The settings that the command line so far and its surroundings tell; null when they cannot be used. */
function settingsOf(invocation: Invocation, { command, given }: Place): Config | null {
  for (const [flag, value] of given) {
    const option = command.options.find(({ long, flags }) => (long ?? flags) === flag);
    if (option !== undefined) command.setOptionValue(option.attributeName(), value);
  }
  try {
    return loadSettings(invocation, command);
  } catch {
    return null; // A shell has no place to say so.
  }
}

function beginningWith(candidates: readonly Candidate[], current: string): Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(current));
}

function asCandidate(command: CommandUnknownOpts): Candidate {
  return { value: command.name(), about: command.summary() || command.description() };
}

/** The names of a command and those above it, without the program's. */
function pathOf(command: CommandUnknownOpts): string {
  const { parent } = command;
  return parent === null ? "" : [pathOf(parent), command.name()].filter(Boolean).join(" ");
}
