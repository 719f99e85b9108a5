/** Output without a newline, more of it than anybody may keep in memory. */
import { ok } from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { Fleet } from "../fleet.ts";
import { endOf, Load } from "../load.ts";
import { forgetPeak, peakMiB, residentMiB } from "../memory.ts";
import { same } from "../same.ts";
import type { Outcome, Scenario, Stage } from "../scenario.ts";
import { watchOthers } from "../undisturbed.ts";
import { singleTask } from "../workflows.ts";

const mebibyte = 1024 * 1024;
const outputMiB = { quick: 48, long: 1_024 };
const lineMaxBytes = 65_536;
const principalGrowthMaxMiB = 900;
const agentGrowthMaxMiB = 300;

export const endlessLine: Scenario = {
  name: "output without a newline",
  promise: "output without a newline is cut into lines that are all stored, in bounded memory, and others get on",
  play,
};

async function play({ isLong }: Stage): Promise<Outcome> {
  const bytes = (isLong ? outputMiB.long : outputMiB.quick) * mebibyte;
  await using fleet = await Fleet.make({ CDKTR_LOG_LINE_MAX_BYTES: String(lineMaxBytes) });
  await fleet.place.write("endless", singleTask(`head -c ${bytes} /dev/zero | tr '\\0' x`));
  await fleet.startPrincipal();
  const { process: agent } = await fleet.startAgent("a", { slots: 1 });
  await forgetPeak(agent);
  const agentBeforeMiB = await residentMiB(agent);
  const { figures } = await watchOthers(fleet, { growthMaxMiB: principalGrowthMaxMiB }, async () => {
    await using client = fleet.client();
    const { state, reason } = await endOf(client, await new Load(client).trigger("endless", "endless"));
    same(state, "COMPLETED", `state of the run (${reason})`);
  });
  const agentPeakMiB = await peakMiB(agent);
  ok(
    !(agentPeakMiB - agentBeforeMiB > agentGrowthMaxMiB),
    `the agent grew from ${agentBeforeMiB} to ${agentPeakMiB} MiB`,
  );
  await fleet.end();
  const { lines, characters } = await stored(`${fleet.place.path}/kept/app.db`);
  same(characters, bytes, "characters of the output that are stored");
  return {
    done: `one task wrote ${bytes / mebibyte} MiB without a newline`,
    counts: { lines, MiB: characters / mebibyte, ...figures, agentRssPeakMiB: Math.round(agentPeakMiB) },
    lost: bytes - characters,
  };
}

/** The lines of the task, and how many x they hold: marks of the cuts are made of other characters. */
async function stored(path: string): Promise<{ lines: number; characters: number }> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    "SELECT count(*), sum(length(payload) - length(replace(payload, 'x', ''))) FROM logstore WHERE workflow_id = 'endless'",
  );
  connection.closeSync();
  instance.closeSync();
  const [lines, characters] = reader.getRows()[0] ?? [];
  return { lines: Number(lines), characters: Number(characters) };
}
