import { systemClock } from "../../src/clock/mod.ts";
import { History } from "../../src/history/mod.ts";
import { historyContract } from "./history_contract.ts";
import { HistoryFile, HistoryModel } from "./history_model.ts";

historyContract("the simulated history", () => {
  const file = new HistoryFile();
  return Promise.resolve({
    open: () => Promise.resolve(new HistoryModel({ clock: systemClock, file, commitMs: () => 1 })),
    damage: () => Promise.resolve(file.replace()),
    stored: () => Promise.resolve({ logs: file.tables.logs.length, decisions: file.tables.decisions.length }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

historyContract("the real history", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/app.db`;
  return {
    open: () => History.open({ path, clock: systemClock, onProblem: () => {} }),
    damage: () => Deno.writeTextFile(path, "this is no database"),
    stored: async (history) => {
      const { rows } = await history.sql(
        "SELECT (SELECT count(*) FROM logstore)::INTEGER, (SELECT count(*) FROM decisions)::INTEGER",
      );
      const [logs, decisions] = rows[0] ?? [];
      return { logs: Number(logs), decisions: Number(decisions) };
    },
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
});
