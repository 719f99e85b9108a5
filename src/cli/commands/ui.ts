/** `cdktr ui`: the terminal UI. */
import { join, parse } from "node:path";
import { Argument, Command, Option } from "@commander-js/extra-typings";
import { defaultContext } from "../../config/mod.ts";
import { CdktrError, messageOf } from "../../core/mod.ts";
import { asciiGlyphs, colourDepthOf, glyphsFor } from "../../paint/mod.ts";
import type { Route } from "../../tui/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import { assertContext, contextsOf } from "../contexts.ts";
import { listenForInterrupt } from "../interrupt.ts";
import type { Invocation } from "../invocation.ts";
import { loadSettings, settingOption } from "../settings.ts";

const screens = ["overview", "workflows", "workflow", "runs", "run", "logs", "agents", "schedule"] as const;
type ScreenWord = typeof screens[number];

const afterHelp = `
\`?\` shows the keys of where you are, \`:\` goes to a screen, a workflow or a run by name, ctrl-p finds an action, \`q\` goes back.
With --read-only nothing can be changed. ctrl-x goes to another principal of CDKTR_CONTEXTS. Where the locale (LC_ALL,
LC_CTYPE, LANG) is not one of UTF-8, all is drawn with ASCII characters.

Examples:
  cdktr ui
  cdktr ui --context prod
  cdktr ui run 0198c7a2-3f41
  cdktr ui logs 0198c7a2-3f41
  cdktr ui workflow etl.daily --read-only`;

export function uiCommand(invocation: Invocation) {
  return new Command("ui")
    .description("Watch and steer a principal on the full screen.")
    .addArgument(new Argument("[screen]", "where to begin").choices(screens))
    .argument("[id]", "the run, or the workflow; of a run's id any unique beginning will do")
    .option("--read-only", "offer nothing that changes anything")
    .addOption(settingOption("--theme <theme>", "tuiTheme"))
    .option("--ascii", "draw with ASCII characters alone")
    .addOption(
      new Option("--context <name>", "begin at this principal of CDKTR_CONTEXTS").default(defaultContext)
        .conflicts(["principalHost", "principalPort"]),
    )
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (screen, id, { readOnly, ascii, context: name }, command) => {
      const { environment, clock, workingDirectory } = invocation;
      const config = loadSettings(invocation, command);
      const route = routeOf(screen, id);
      const addresses = contextsOf(config);
      assertContext(addresses, name);
      assertTerminal(invocation);
      const { runUi, Session } = await import("../../tui/mod.ts");
      using interrupt = listenForInterrupt();
      // What is wrong is to be said on the screen that stays: the interface gives the terminal back first.
      const defect = new AbortController();
      invocation.onStrayError = (error) => defect.abort(error);
      invocation.exitCode = await runUi({
        contexts: [...addresses].map(([name, address]) => ({
          name,
          open: () => {
            const client = connectToPrincipal(config, invocation, "ui", address);
            // A principal that is the only one needs no name.
            const shownName = addresses.size === 1 ? client.address : name;
            return new Session({ client, clock, name: shownName, pollMs: config.tuiStatusRefreshIntervalMs });
          },
        })),
        context: name,
        route,
        clock,
        glyphs: ascii ? asciiGlyphs : glyphsFor(environment),
        isReadOnly: readOnly === true,
        theme: config.tuiTheme,
        colours: colourDepthOf(environment),
        saveFile: (file, parts) => saveFile(workingDirectory, file, parts),
        signal: AbortSignal.any([interrupt.signal, defect.signal]),
      });
    });
}

function routeOf(screen: ScreenWord | undefined, id: string | undefined): Route {
  switch (screen) {
    case undefined:
      return { screen: "overview" };
    case "run":
      return { screen, run: needed(screen, id) };
    case "workflow":
      return { screen, workflowId: needed(screen, id) };
    case "logs":
      return id === undefined
        ? { screen }
        : /^[0-9a-f]{8}(-[0-9a-f-]*)?$/.test(id)
        ? { screen, run: id }
        : { screen, workflowId: id };
    case "runs":
      return id === undefined ? { screen } : { screen, filter: { workflowId: id } };
    default:
      if (id === undefined) return { screen };
      throw new CdktrError("INVALID_ARGUMENT", `The screen ${screen} takes no id.`, {
        hint: "`cdktr ui run ID`, `cdktr ui logs ID` and `cdktr ui workflow ID` do.",
      });
  }
}

function needed(screen: string, id: string | undefined): string {
  if (id !== undefined) return id;
  throw new CdktrError("INVALID_ARGUMENT", `The screen ${screen} needs an id.`, {
    hint: `Call \`cdktr ui ${screen} ID\`.`,
  });
}

/** @throws {CdktrError} INVALID_ARGUMENT where there is no terminal to draw on. */
function assertTerminal({ environment, isTerminal }: Invocation): void {
  if (isTerminal() && environment["TERM"] !== "dumb") return;
  throw new CdktrError("INVALID_ARGUMENT", "`cdktr ui` needs a terminal that it can draw on.", {
    hint: "Without one, `cdktr status`, `cdktr runs list` and `cdktr logs query --follow` tell the same.",
  });
}

/** Other names that are tried where files have the first ones. */
const otherNamesMax = 100;

/** Writes what comes to a new file, for its user alone: `name`, or where that is taken `-2` to it, `-3` and so on. */
async function saveFile(directory: string, name: string, parts: AsyncIterable<string>): Promise<string> {
  const path = join(directory, name.replace(/[^A-Za-z0-9._-]/g, "_"));
  try {
    const opened = await openNew(path);
    using file = opened.file;
    const writer = file.writable.getWriter();
    for await (const part of parts) await writer.write(new TextEncoder().encode(part));
    await writer.close();
    return opened.path;
  } catch (cause) {
    if (cause instanceof CdktrError) throw cause; // It was what is written that did not come.
    throw new CdktrError("STORAGE", `The file ${path} cannot be written: ${messageOf(cause)}.`, { cause });
  }
}

async function openNew(wanted: string): Promise<{ readonly file: Deno.FsFile; readonly path: string }> {
  const { dir, name, ext } = parse(wanted);
  for (let number = 1;; number++) {
    const path = number === 1 ? wanted : join(dir, `${name}-${number}${ext}`);
    try {
      return { file: await Deno.open(path, { write: true, createNew: true, mode: 0o600 }), path };
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists) || number > otherNamesMax) throw error;
    }
  }
}
