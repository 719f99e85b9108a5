/** Timers and their services as workflows: one for each schedule of a timer, with a task for each command of the service. */
import { type Draft, type Imported, imported, type ImportResult, type Remark } from "../imported.ts";
import { freeId, idOf, nameOf } from "../job_name.ts";
import { type ExecCommand, ExecFault, readExecLine, splitLine } from "./exec_line.ts";
import { timerSchedules } from "./schedules.ts";
import { expandSpecifiers } from "./specifiers.ts";
import { taskProcess } from "./task_process.ts";
import { timespanMs } from "./timespan.ts";
import type { Directive, UnitFile } from "./unit_file.ts";

/** A service and the timer that starts it. */
export interface TimedService {
  /** Null for a service without one. */
  readonly timer: UnitFile | null;
  readonly service: UnitFile;
  /** The service's full name, with its instance, such as `backup@home.service`. */
  readonly unit: string;
}

/** What the workflow says by itself, or what means nothing to it. Everything else is told as not carried over. */
const known: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["Unit", new Set(["Description", "Documentation"])],
  [
    "Service",
    new Set([
      ...["ExecStart", "ExecStartPre", "ExecStartPost", "Environment", "WorkingDirectory", "Type"],
      ...["TimeoutStartSec", "TimeoutSec", "RuntimeMaxSec"],
    ]),
  ],
  [
    "Timer",
    new Set([
      ...["OnCalendar", "OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec"],
      ...["Persistent", "Unit", "AccuracySec"],
    ]),
  ],
]);

/** Directives that deserve a sentence of their own. */
const explanations: ReadonlyMap<string, string> = new Map([
  ["User", "a task runs as the user of its agent"],
  ["Group", "a task runs as the user of its agent"],
  ["EnvironmentFile", "put what the command needs of it into env, or into the environment of the agent"],
  ["Restart", "where a failed task is to be tried again, say so with retries"],
  ["RandomizedDelaySec", "it fires on time"],
]);

/**
 * Makes the workflows of services.
 *
 * @param timezone Of the machine's clock, for events that name none: an IANA name.
 * @throws {CdktrError} INVALID_WORKFLOW for a job that no workflow can hold.
 */
export function importSystemd(services: readonly TimedService[], timezone: string): ImportResult {
  const taken = new Set<string>();
  const faults: Remark[] = [];
  const workflows = services.flatMap((timed) => {
    const read = readService(timed, (line, sentence) => faults.push({ file: timed.service.file, line, sentence }));
    return faults.length > 0 ? [] : workflowsOf(timed, read, timezone, taken);
  });
  return faults.length > 0 ? { workflows: [], faults } : { workflows, faults };
}

/** Takes what is wrong with a line of a service. */
type Report = (line: number, sentence: string) => void;

/** What a service says, whenever it is started. */
interface ReadService {
  readonly description: string | null;
  readonly tasks: Draft["tasks"];
  readonly env: Draft["env"];
  readonly notes: readonly Remark[];
}

function workflowsOf(
  { timer, service, unit }: TimedService,
  { description, tasks, env, notes }: ReadService,
  timezone: string,
  taken: Set<string>,
): Imported[] {
  const name = nameOf(unit.replace(/\.service$/, ""));
  const { schedules, notes: timerNotes } = timerSchedules(timer, timezone);
  const isPersistent = /^(?:1|yes|y|true|t|on)$/i.test(timer?.last("Timer", "Persistent")?.value ?? "");
  const sentence =
    "It has several schedules, each a workflow: two of them may run at once, which systemd would not do.";
  const several = schedules.length < 2 ? [] : [{ file: service.file, line: 1, sentence }];
  const ofTimer = [...several, ...timerNotes, ...timer === null ? [] : [...timer.faults, ...leftOut(timer)]];
  return schedules.map(({ directive, cron, timezone }) =>
    imported({
      id: freeId(idOf(name), taken),
      file: timer?.file ?? service.file,
      line: directive?.line ?? 1,
      origin: [
        ...directive === null ? [] : [`${directive.key}=${directive.value}`],
        ...service.list("Service", "ExecStart").map(({ key, value }) => `${key}=${value}`),
      ],
      notes: [...ofTimer, ...notes],
      draft: {
        name,
        description,
        cron,
        timezone,
        ...isPersistent && cron !== null ? { catchup: 1 } : {},
        // systemd starts no service that still runs.
        ...cron === null ? {} : { overlap: "skip" },
        env,
        tasks,
      },
    })
  );
}

function readService({ service, unit }: TimedService, report: Report): ReadService {
  const notes: Remark[] = [...service.faults, ...leftOut(service)];
  const expanding = (line: number) => (text: string) =>
    expandSpecifiers(text, unit, (specifier) => {
      notes.push({
        file: service.file,
        line,
        sentence: `The specifier ${specifier} is not known here and stays as it is.`,
      });
    });
  const ids = new Set<string>();
  const tasks: Draft["tasks"][number][] = [];
  const timeout = timeoutOf(service);
  for (const [key, id] of [["ExecStartPre", "prepare"], ["ExecStart", "run"], ["ExecStartPost", "finish"]] as const) {
    for (const { line, value } of service.list("Service", key)) {
      for (const command of readReporting(() => readExecLine(value, expanding(line)), line, report)) {
        notes.push(...prefixNotes(command).map((sentence) => ({ file: service.file, line, sentence })));
        const { cmd, args } = taskProcess(command, directoryOf(service, expanding));
        const name = programName(command);
        const depends = tasks.at(-1)?.id;
        tasks.push({
          id: freeId(id, ids),
          name,
          cmd,
          args,
          timeout,
          ...depends === undefined ? {} : { depends },
        });
      }
    }
  }
  if (service.list("Service", "ExecStart").every(({ value }) => /^[\s;]*$/.test(value))) {
    report(1, "There is no ExecStart= in [Service], so there is nothing to run.");
  }
  const description = service.last("Unit", "Description");
  return {
    description: description === null ? null : expanding(description.line)(description.value),
    tasks,
    env: environmentOf(service, expanding, report),
    notes,
  };
}

function readReporting<Found>(read: () => Found[], line: number, report: Report): Found[] {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ExecFault)) throw error;
    report(line, error.message);
    return [];
  }
}

function programName({ words: [program] }: ExecCommand): string {
  const text = program?.pieces.map((piece) => "text" in piece ? piece.text : "").join("") ?? "";
  return nameOf(text.replace(/.*\/(?=.)/, ""));
}

function prefixNotes({ prefixes }: ExecCommand): string[] {
  return [
    ...prefixes.includes("@") ? ["The name that @ gives the program is not carried over."] : [],
    ...prefixes.includes("+") || prefixes.includes("!")
      ? ["The rights that + or ! give the command are not carried over: it runs as the user of its agent."]
      : [],
  ];
}

function directoryOf(service: UnitFile, expanding: (line: number) => (text: string) => string) {
  const found = service.last("Service", "WorkingDirectory");
  const [, minus = "", path = ""] = /^(-?)([^]*)$/.exec(found === null ? "" : expanding(found.line)(found.value)) ?? [];
  return { directory: path === "" ? null : path, mayLackDirectory: minus !== "" };
}

function environmentOf(
  service: UnitFile,
  expanding: (line: number) => (text: string) => string,
  report: Report,
): Map<string, string> {
  const env = new Map<string, string>();
  for (const { line, value } of service.list("Service", "Environment")) {
    for (const word of readReporting(() => splitLine(value), line, report)) {
      const [, name, text] = /^([A-Za-z_]\w*)=([^]*)$/.exec(expanding(line)(word ?? ";")) ?? [];
      if (name === undefined || text === undefined) {
        report(line, `Environment= holds "${word}", which is not NAME=value.`);
      } else env.set(name, text);
    }
  }
  return env;
}

/** How long one command may take: of a oneshot service its start, of the others their time altogether. */
function timeoutOf(service: UnitFile): string | null {
  const isOneshot = service.last("Service", "Type")?.value === "oneshot";
  const { value } =
    (isOneshot
      ? service.last("Service", "TimeoutStartSec") ?? service.last("Service", "TimeoutSec")
      : service.last("Service", "RuntimeMaxSec")) ?? { value: "infinity" };
  const ms = timespanMs(value) ?? Infinity;
  const yearMs = 366 * 86_400_000;
  if (ms <= 0 || ms > yearMs) return null;
  const units = [["h", 3_600_000], ["m", 60_000], ["s", 1_000]] as const;
  const [unit, unitMs] = units.find(([, unitMs]) => ms % unitMs === 0) ?? ["ms", 1];
  return `${Math.ceil(ms / unitMs)}${unit}`;
}

/** What a unit asks for and a workflow does not do. */
function leftOut({ file, directives }: UnitFile): Remark[] {
  const isCarried = ({ section, key, value }: Directive) =>
    section === "Install" || value === "" || known.get(section)?.has(key) === true;
  return directives.filter((directive) => !isCarried(directive)).map(({ line, key, value }) => {
    const reason = explanations.get(key);
    return { file, line, sentence: `${key}=${value} is not carried over${reason === undefined ? "" : `: ${reason}`}.` };
  });
}
