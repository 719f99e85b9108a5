/** Principals by name: the one that the settings tell, and those of CDKTR_CONTEXTS. */
import { type Address, type Config, defaultContext } from "../config/mod.ts";
import { CdktrError } from "../core/mod.ts";

/** The address of the principal that the settings tell. */
export function addressOf({ principalHost, principalPort, logsPublishingPort }: Config): Address {
  return { host: principalHost, port: principalPort, logsPublishingPort };
}

/** Every principal there is, by name; `default`, the one of the settings, comes first. */
export function contextsOf(config: Config): ReadonlyMap<string, Address> {
  return new Map([[defaultContext, addressOf(config)], ...config.contexts.map((one) => [one.name, one] as const)]);
}

/** @throws {CdktrError} INVALID_ARGUMENT when there is no context of that name. */
export function assertContext(contexts: ReadonlyMap<string, Address>, name: string): void {
  if (contexts.has(name)) return;
  throw new CdktrError("INVALID_ARGUMENT", `There is no context named ${name}.`, {
    hint: `CDKTR_CONTEXTS tells them: ${[...contexts.keys()].join(", ")}.`,
  });
}
