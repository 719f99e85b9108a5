/** A SIGHUP that comes to nothing, or to a part of what it is for, says so and ends nothing. */
import { deepEqual, equal, match } from "node:assert/strict";
import { type Config, loadConfig } from "../../src/config/mod.ts";
import { Reload, type ReloadOptions } from "../../src/cli/service/reload.ts";

function configOf(environment: Record<string, string>): Config {
  return loadConfig({ environment, workingDirectory: "/", readTextFile: () => undefined, flags: {} });
}

const before = configOf({ HOME: "/home/ada" });
const after = configOf({ HOME: "/home/ada", CDKTR_LOG_RETENTION: "7d" });

/** Asks for one reload after the other, and tells what was logged, and how often the process was ready again. */
async function reloaded(times: number, options: Partial<ReloadOptions>): Promise<{ said: string[]; ready: number }> {
  const said: string[] = [];
  let ready = 0;
  let told = Promise.withResolvers<void>();
  const say = (line: string) => void said.push(line);
  const reload = new Reload({
    roles: { principal: true, agent: false },
    config: before,
    read: () => after,
    apply: () => {},
    readOthers: () => Promise.resolve(),
    log: { info: say, warn: say, error: say },
    ...options,
    notifier: {
      reloading: () => {},
      ...options.notifier,
      ready: () => {
        ready++;
        told.resolve();
      },
    },
  });
  for (let time = 0; time < times; time++) {
    told = Promise.withResolvers();
    reload.request();
    await told.promise;
  }
  return { said, ready };
}

function failing(): never {
  throw new Error("no");
}

Deno.test("a service manager that cannot be told hinders the reload, and not the one after it", async () => {
  let count = 0;
  const reloading = () => {
    if (count++ === 0) failing();
  };
  const { said, ready } = await reloaded(2, { notifier: { reloading, ready: () => {} } });
  deepEqual(said, [
    "nothing was read again and all stays as it was: no",
    "CDKTR_LOG_RETENTION is 7d from now on; it was 30d",
  ]);
  equal(ready, 2);
});

Deno.test("settings that could not all be taken over are taken over the next time", async () => {
  let count = 0;
  const apply = () => {
    if (count++ === 0) failing();
  };
  const { said } = await reloaded(2, { apply });
  match(said[0] ?? "", /^the settings were read again, but not all of them were taken over: no$/);
  deepEqual(said.slice(1), ["CDKTR_LOG_RETENTION is 7d from now on; it was 30d"]);
});

Deno.test("settings that were taken over stay so when the rest cannot be read", async () => {
  const { said } = await reloaded(2, { readOthers: () => Promise.reject(new Error("no")) });
  deepEqual(said, [
    "CDKTR_LOG_RETENTION is 7d from now on; it was 30d",
    "the settings were read again, but the rest was not: no",
    "the settings were read again: none has changed",
    "the settings were read again, but the rest was not: no",
  ]);
});
