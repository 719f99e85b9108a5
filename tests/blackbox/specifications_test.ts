/**
 * Every specification, as a test of its own that looks at the executable.
 *
 * Most of a specification is waiting for processes, so several are under way at a time: each begins while those before
 * it are still looked at.
 */
import { findExecutable } from "../executable.ts";
import { Outsider, Service } from "./outsider.ts";
import { labelOf, type Specification } from "./specification.ts";
import { blocks } from "./specifications.ts";

const atATime = 4;
const executable = await findExecutable();
const service = new Service(executable);
const looked = blocks.flatMap(({ specifications }) => specifications);
const possible = looked.filter(({ needs }) => hasProgram(needs));
const underWay = new Map<Specification, Promise<void>>();

for (const one of looked) {
  Deno.test({
    name: `${labelOf(one)} ${one.sentence}`,
    ignore: !hasProgram(one.needs),
    // What the others do meanwhile is none of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const at = possible.indexOf(one);
      for (const next of possible.slice(at, at + atATime)) begin(next);
      await underWay.get(one);
    },
  });
}

Deno.test.afterAll(async () => {
  await Promise.allSettled(underWay.values());
  await service.end();
});

function begin(one: Specification): void {
  if (underWay.has(one)) return;
  const looking = look(one);
  looking.catch(() => {}); // Its own test tells.
  underWay.set(one, looking);
}

async function look({ check, shows }: Specification): Promise<void> {
  await using outsider = new Outsider(executable, service);
  await check(outsider);
  await outsider.finish(shows);
}

function hasProgram(name: string | null): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return name === null || folders.some((folder) => {
    try {
      return Deno.statSync(`${folder}/${name}`).isFile;
    } catch {
      return false;
    }
  });
}
