/**
 * The programs that the pages name and that no test can run. In their place there is one of the same name that does
 * nothing and succeeds, so that the lines beside them are run as they stand. Nothing else is left out.
 */

/** Why a program is not run, and what it prints instead. */
interface StandIn {
  readonly reason: string;
  readonly prints?: string;
}

const privileged = { reason: "it changes the machine, or needs to be root" };
const database = { reason: "it needs a database" };
const fetches = { reason: "it fetches from the network" };

/** By name. */
export const standIns: Readonly<Record<string, StandIn>> = {
  apt: privileged,
  "apt-get": privileged,
  chgrp: privileged,
  chown: privileged,
  crontab: {
    reason: "it shows or changes the jobs of a user",
    prints: "# Says good morning\n0 6 * * 1-5 echo morning\n",
  },
  deno: { reason: "its tasks are the tests themselves, or take minutes; tests/docs/tasks_test.ts looks for each" },
  docker: { reason: "it needs a daemon; tests/project builds what can be built without one" },
  git: fetches,
  journalctl: { reason: "it needs systemd" },
  logger: { reason: "it writes to the log of the machine" },
  man: { reason: "it is on few machines; tests/cli/commands/man_test.ts reads the pages" },
  npx: fetches,
  pg_dump: database,
  pg_restore: database,
  pip: fetches,
  psql: database,
  reboot: privileged,
  shutdown: privileged,
  ssh: fetches,
  sudo: privileged,
  systemctl: privileged,
  useradd: privileged,
};

/** Like them, where it asks another host than this one. */
export const elsewhere = { curl: fetches.reason };

/** Writes all of them into a directory that is to stand in front of `PATH`. */
export async function writeStandIns(directory: string): Promise<void> {
  const drain = "[ ! -p /dev/stdin ] || cat > /dev/null";
  for (const [name, { reason, prints = "" }] of Object.entries(standIns)) {
    await writeProgram(`${directory}/${name}`, `# Not run: ${reason}.\n${drain}\nprintf %s '${prints}'\n`);
  }
  for (const [name, reason] of Object.entries(elsewhere)) {
    const real = `PATH=\${PATH#"$(dirname "$0"):"} exec ${name} "$@"`;
    const here = `case " $* " in *" http://127.0.0.1:"* | *" http://localhost:"*) ${real} ;; esac`;
    await writeProgram(`${directory}/${name}`, `# Only here: ${reason}.\n${here}\n${drain}\n`);
  }
}

/** Writes a program for `sh`. */
export async function writeProgram(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${text}`);
  await Deno.chmod(path, 0o755);
}
