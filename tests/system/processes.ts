/** cdktr from source, as processes of its own, and a client of ours beside them. */
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { commandLine } from "../executable.ts";
import { makePlace, Place as OutsidePlace } from "../processes.ts";

export { commandLine, denoFlags, mainPath } from "../executable.ts";
export { CdktrProcess, type Ended, within } from "../processes.ts";

/** How long the principal may take for an answer, on a busy machine. */
const limitMs = 60_000;

/** Processes here have the environment of the tests, of which nothing that begins with CDKTR_ is passed on. */
const inherited = Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("CDKTR_"));
const surroundings = { command: commandLine, environment: { ...Object.fromEntries(inherited), NO_COLOR: "1" } };

/** A directory with workflows and data of its own, and a client of the principal there. */
export class Place extends OutsidePlace {
  static async make(settings: Readonly<Record<string, string>> = {}): Promise<Place> {
    return new Place(await makePlace(), surroundings, settings);
  }

  /** A client of the principal. */
  client(): PrincipalClient {
    const port = (name: string) => Number(this.env[name]);
    return PrincipalClient.overTcp({
      host: "127.0.0.1",
      port: port("CDKTR_PRINCIPAL_PORT"),
      logsInPort: port("CDKTR_LOGS_LISTENING_PORT"),
      logsOutPort: port("CDKTR_LOGS_PUBLISHING_PORT"),
    }, { clock: systemClock, random: systemRandom, version: "0.0.0", role: "test", timeoutMs: limitMs });
  }
}
