/** The programs and libraries that are used here, and what the system lets a process have. */
import { findCommand } from "../../agent/mod.ts";
import type { Config } from "../../config/mod.ts";
import { messageOf } from "../../core/mod.ts";
import { duckdbVersion } from "../../history/mod.ts";
import { filesMax } from "../service/libc.ts";
import { type Finding, finding } from "./finding.ts";

/** Connections, files of tasks and the databases: with fewer than this a busy principal or agent runs out of them. */
const fewDescriptors = 1024;

/** The files that a process started here may have open. */
export function descriptorsFinding(): Finding {
  const name = "open files";
  try {
    const limit = filesMax();
    const detail = `A process may have ${limit === Infinity ? "any number" : limit} of them.`;
    if (limit >= fewDescriptors) return finding(name, "ok", detail);
    const hint = "Raise it: `ulimit -Hn 65536` in a shell, LimitNOFILE= in a unit of systemd.";
    return finding(name, "warning", detail, hint);
  } catch (error) {
    return finding(name, "ok", `Their limit cannot be told: ${messageOf(error)}`);
  }
}

/** Whether the database of logs and history could be opened on this machine. */
export async function duckdbFinding(config: Config): Promise<Finding> {
  try {
    const version = await duckdbVersion(config.cacheDirectory);
    const place = Deno.build.standalone ? `, from ${config.cacheDirectory}` : "";
    return finding("DuckDB", "ok", `Version ${version} can be loaded${place}.`);
  } catch (error) {
    const hint = Deno.build.standalone
      ? "A principal and `cdktr run` need it, agents do not. CDKTR_CACHE_DIRECTORY names where it is unpacked: a directory of this user's own, on a filesystem without noexec."
      : "A principal and `cdktr run` need it: install cdktr anew. Agents and other commands do not.";
    return finding("DuckDB", "warning", `It cannot be loaded: ${messageOf(error)}.`, hint);
  }
}

/** What starts tasks in sessions of their own. */
export function setsidFinding(): Finding {
  const found = findCommand("setsid", Deno.env.get("PATH"), null);
  if ("path" in found) return finding("setsid", "ok", `Tasks start through ${found.path}.`);
  return finding("setsid", "ok", "It is not installed: tasks start half as fast, and run the same.");
}

/** What runs Python tasks. */
export function uvFinding(): Finding {
  const found = findCommand("uv", Deno.env.get("PATH"), null);
  if ("path" in found) return finding("uv", "ok", `UvPython tasks use ${found.path}.`);
  const hint = "Install uv (docs.astral.sh/uv) on machines that run them; uv_path names one outside PATH.";
  return finding("uv", "warning", "It is not in PATH, so UvPython tasks cannot run here.", hint);
}
