/** Timers and services as they lie on disk. */
import { basename, dirname, join } from "node:path";
import { CdktrError } from "../../core/mod.ts";
import { readSource } from "../read_source.ts";
import { readUnitFile, UnitFile } from "./unit_file.ts";
import type { TimedService } from "./workflows.ts";

/** Units that were found. */
export interface FoundUnits {
  readonly services: readonly TimedService[];
  /** Who may read and write all of the files. */
  readonly mode: number;
}

/**
 * Reads the named units. The service of a timer is looked for among them and beside the timer; so is the timer of a service.
 *
 * @param paths Files that end in `.timer` or `.service`.
 * @throws {CdktrError} NOT_FOUND, STORAGE, or INVALID_ARGUMENT for another kind of file.
 */
export async function findUnits(paths: readonly string[]): Promise<FoundUnits> {
  const named = new Map(paths.map((path) => [basename(path), path]));
  let mode = 0o666;
  const read = async (path: string): Promise<UnitFile> => {
    const source = await readSource(path, "`systemctl cat UNIT` tells where a unit's file is.");
    mode &= source.mode;
    const { directives, faults } = readUnitFile(path, source.text);
    const hasDropIns = await Deno.stat(`${path}.d`).then((info) => info.isDirectory, () => false);
    const dropIns = { file: path, line: 1, sentence: `What ${path}.d adds is not read; \`systemctl cat\` shows it.` };
    return new UnitFile(path, directives, hasDropIns ? [...faults, dropIns] : faults);
  };
  const services: TimedService[] = [];
  const started = new Set<string>();
  const [timers, others] = [
    paths.filter((path) => path.endsWith(".timer")),
    paths.filter((path) => !path.endsWith(".timer")),
  ];
  for (const path of timers) {
    const timer = await read(path);
    const unit = timer.last("Timer", "Unit")?.value ?? basename(path).replace(/timer$/, "service");
    const found = await findUnit(unit, dirname(path), named);
    if (found === null) {
      throw new CdktrError("NOT_FOUND", `The service ${unit} of ${path} is not beside it.`, {
        hint: "Name it too, wherever it is.",
      });
    }
    started.add(found);
    services.push({ timer, service: await read(found), unit });
  }
  for (const path of others) {
    if (!path.endsWith(".service")) {
      throw new CdktrError("INVALID_ARGUMENT", `${path} is neither a .timer nor a .service.`, {
        hint: "Name files of these kinds; other units have nothing to run.",
      });
    }
    if (started.has(path)) continue;
    const timer = await findUnit(basename(path).replace(/service$/, "timer"), dirname(path), named);
    services.push({
      timer: timer === null ? null : await read(timer),
      service: await read(path),
      unit: basename(path),
    });
  }
  return { services, mode };
}

/** The file of a unit, or of the template that it is an instance of. */
async function findUnit(unit: string, directory: string, named: ReadonlyMap<string, string>): Promise<string | null> {
  const template = unit.replace(/@[^@]+(?=\.[a-z]+$)/, "@");
  for (const name of [unit, template]) {
    const path = named.get(name);
    if (path !== undefined) return path;
  }
  for (const name of [unit, template]) {
    const path = join(directory, name);
    if (await Deno.stat(path).then((info) => info.isFile, () => false)) return path;
  }
  return null;
}
