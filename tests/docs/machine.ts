/** A machine for those who do what a page says: nothing outside of one directory is touched. */
import assert from "node:assert/strict";
import { findExecutable } from "../executable.ts";
import { checkout } from "./pages.ts";
import { standIns, writeStandIns } from "./stand_ins.ts";

/** What a page may name of the file system, at the root of it. */
const roots = "backup|bin|boot|data|etc|home|lib|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var";
const rootPath = new RegExp(`(?<![\\w.~}$)/:-])/(?=(?:${roots})\\b)(?!bin/(?:ba)?sh\\b|usr/bin/env\\b)`, "g");

/** What no service takes to end, on a busy machine. */
const endLimitMs = 60_000;

/** A machine: its root directory, the programs in front of `PATH`, and what files are on it. */
export class Machine implements AsyncDisposable {
  private constructor(readonly path: string, readonly real: string) {}

  /** Makes one with what pages take for granted. */
  static async make(): Promise<Machine> {
    const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "cdktr-docs-" }));
    const machine = new Machine(path, await findExecutable());
    for (const name of ["bin", "services", "disk"]) await Deno.mkdir(`${path}/${name}`);
    for (const name of roots.split("|")) await Deno.mkdir(`${path}/disk/${name}`);
    const directories = ["etc/cdktr", "etc/systemd/system", "srv/in", "srv/done", "usr/local/bin", "var/lib/cdktr"];
    for (const name of [...directories, "var/backups"]) {
      await Deno.mkdir(`${path}/disk/${name}`, { recursive: true });
    }
    const etc = `${path}/disk/etc`;
    await Deno.writeTextFile(`${etc}/crontab`, "0 3 * * * root echo night\n");
    await Deno.writeTextFile(`${etc}/cdktr/webhook`, "a secret of sixteen characters\n", { mode: 0o600 });
    const unit = `${etc}/systemd/system/backup`;
    await Deno.writeTextFile(`${unit}.timer`, "[Timer]\nOnCalendar=daily\n");
    await Deno.writeTextFile(`${unit}.service`, "[Service]\nType=oneshot\nExecStart=/bin/true\n");
    for (const file of ["var/lib/cdktr/state.db", "var/lib/cdktr/app.db", "backup/state.db"]) {
      await Deno.writeTextFile(`${path}/disk/${file}`, "");
    }
    const args = ["-C", `${path}/disk/var/lib`, "-czf", `${path}/disk/backup/cdktr-2026-03-01.tar.gz`, "cdktr"];
    assert.ok((await new Deno.Command("tar", { args }).output()).success);
    await writeStandIns(`${path}/bin`);
    await Deno.copyFile(`${checkout}tests/docs/cdktr.sh`, `${path}/bin/cdktr`);
    await Deno.chmod(`${path}/bin/cdktr`, 0o755);
    return machine;
  }

  /** A text in which each path from the root of the file system is one below the machine's directory. */
  enclosed(text: string): string {
    return text.replace(rootPath, `${this.path}/disk/`);
  }

  /** What a program is given, besides the settings of cdktr and a home. */
  get environment(): Record<string, string> {
    return {
      PATH: `${this.path}/bin:${Deno.env.get("PATH") ?? ""}`,
      TMPDIR: `${this.path}/disk/tmp`,
      LANG: "C.UTF-8",
      UV_CACHE_DIR: `${checkout}.cache/uv`,
      NOTIFY_URL: "https://notify.example.org",
      SECRET: "a secret of sixteen characters",
      TYPED_REAL: this.real,
      TYPED_SERVICES: `${this.path}/services`,
    };
  }

  /** Whether a program is there and is run; of several words the last one names it. */
  has(need: string): boolean {
    const program = need.split(" ").at(-1) ?? "";
    return !Object.hasOwn(standIns, program) && /^[\w.-]+$/.test(program) &&
      this.environment["PATH"]?.split(":").some((directory) => {
          try {
            return Deno.statSync(`${directory}/${program}`).isFile;
          } catch {
            return false;
          }
        }) === true;
  }

  /** Ends the services that a block has started; each is to end in good order. */
  async endServices(): Promise<void> {
    const directory = `${this.path}/services`;
    const names = Array.from(Deno.readDirSync(directory), ({ name }) => name);
    for (const name of names.filter((name) => name.endsWith(".pid"))) {
      const base = `${directory}/${name.slice(0, -4)}`;
      const pid = Number(await Deno.readTextFile(`${base}.pid`));
      await Deno.remove(`${base}.pid`);
      if (!await exists(`${base}.code`)) Deno.kill(pid, "SIGTERM");
      const said = () => Deno.readTextFileSync(base);
      const limitMs = Date.now() + endLimitMs;
      while (!await exists(`${base}.code`)) {
        assert.ok(Date.now() < limitMs, `it did not end after SIGTERM:\n${said()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.equal((await Deno.readTextFile(`${base}.code`)).trim(), "0", said());
    }
    await Deno.remove(directory, { recursive: true });
    await Deno.mkdir(directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
