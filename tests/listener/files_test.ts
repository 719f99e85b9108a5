import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { DropFolder, TakenFiles } from "../../src/listener/mod.ts";
import { giveNewName, leaveOldPlace } from "../../src/listener/move_file.ts";
import { oneTask, PrincipalScene } from "../cli/principal_scene.ts";
import { FilesPlace } from "./files_scene.ts";

/** The files that had runs, in the order of their runs. */
async function filesOf({ client }: PrincipalScene): Promise<(string | undefined)[]> {
  const { runs } = await client.call("RUNS", { limit: 1000 });
  return runs.map(({ params }) => params["file"]).reverse();
}

/** Looks again until it holds. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  while (!await holds()) {
    if (performance.now() > deadlineMs) throw new Error("It did not come about.");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

Deno.test("a file that is renamed into its place has its run", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client, { settleMs: 0 });
  const path = await place.drop("a.csv");
  await listener.ran(1);
  const [run] = (await principal.client.call("RUNS", { limit: 10 })).runs;
  deepEqual([run?.trigger, run?.params, run?.reason], ["event", { file: path }, `the file ${path} is complete`]);
});

Deno.test("a file that is being written has its run when it is complete", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client, { settleMs: 400 });
  const path = `${place.inbox}/a.csv`;
  using file = await Deno.open(path, { create: true, write: true });
  // Longer than it takes to settle, with never as long a pause.
  for (let part = 0; part < 20; part++) {
    await file.write(new Uint8Array(10));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  deepEqual(await filesOf(principal), []);
  const { mtime } = await Deno.stat(path);
  await listener.ran(1);
  equal((await Deno.stat(path)).size, 200);
  deepEqual(await filesOf(principal), [path]);
  equal(Date.now() - (mtime?.getTime() ?? 0) >= 350, true);
});

Deno.test("a file that is begun where another was renamed away has its run when it is complete", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client, { patterns: ["*.csv"], settleMs: 400 });
  const path = await place.drop("data.csv");
  await listener.ran(1);
  await Deno.rename(path, `${path}~`);
  using file = await Deno.open(path, { createNew: true, write: true });
  for (let part = 0; part < 8; part++) {
    await file.write(new Uint8Array(10));
    await new Promise((resolve) => setTimeout(resolve, 130));
  }
  equal((await filesOf(principal)).length, 1);
  await listener.ran(2);
  deepEqual(await filesOf(principal), [path, path]);
});

Deno.test("a file that is changed later has another run, one that stays the same has none", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client, { rescanMs: 50 });
  const path = await place.drop("a.csv", "one");
  await listener.ran(1);
  await Deno.chmod(path, 0o600);
  await Deno.writeTextFile(path, "another");
  await listener.ran(2);
  await place.drop("last");
  await listener.ran(3);
  deepEqual(await filesOf(principal), [path, path, `${place.inbox}/last`]);
});

Deno.test("only files that match count; hidden ones, links and subdirectories do not", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await Deno.mkdir(`${place.inbox}/sub.csv`);
  await Deno.writeTextFile(`${place.aside}/out.csv`, "x");
  await using listener = await place.listen(principal.client, {
    patterns: ["*.csv", "data-[0-9]?", "[!a]+(1)"],
    rescanMs: 50,
    settleMs: 0,
  });
  await Deno.symlink(`${place.aside}/out.csv`, `${place.inbox}/link.csv`);
  await Deno.symlink(place.aside, `${place.inbox}/links`);
  for (const name of [".a.csv", "a.csvx", "acsv", "data-x1", "data-1", "a+(1)", "sub.csv/inner.csv"]) {
    await place.drop(name);
  }
  for (const name of ["a.csv", "b b.csv", "data-12", "b+(1)"]) await place.drop(name);
  await listener.ran(4);
  await place.drop("z.csv");
  await listener.ran(5);
  const names = (await filesOf(principal)).map((path) => path?.slice(place.inbox.length + 1));
  deepEqual(names.sort(), ["a.csv", "b b.csv", "b+(1)", "data-12", "z.csv"]);
});

Deno.test("subdirectories, new ones with all in them too, but none that a link leads to", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await Deno.mkdir(`${place.aside}/far`);
  await Deno.writeTextFile(`${place.aside}/far/x`, "x");
  await using listener = await place.listen(principal.client, { isRecursive: true, settleMs: 50 });
  await Deno.symlink(`${place.aside}/far`, `${place.inbox}/link`);
  await Deno.mkdir(`${place.inbox}/a/b`, { recursive: true });
  await Deno.writeTextFile(`${place.inbox}/a/b/one`, "1");
  await listener.ran(1);
  await Deno.mkdir(`${place.aside}/c`);
  await Deno.writeTextFile(`${place.aside}/c/two`, "2");
  await Deno.rename(`${place.aside}/c`, `${place.inbox}/c`);
  await listener.ran(2);
  await Deno.writeTextFile(`${place.aside}/far/y`, "y");
  await place.drop("c/three");
  await listener.ran(3);
  const paths = await filesOf(principal);
  deepEqual(paths, ["a/b/one", "c/two", "c/three"].map((path) => `${place.inbox}/${path}`));
});

Deno.test("parts of the path become parameters", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  const params = { name: "{name}", stem: "{stem}", directory: "{directory}", text: "{path}:{name} {} {1}", fixed: "x" };
  await using listener = await place.listen(principal.client, { params });
  const path = await place.drop("a.tar.gz");
  await listener.ran(1);
  const [run] = (await principal.client.call("RUNS", { limit: 10 })).runs;
  deepEqual(run?.params, {
    ...{ name: "a.tar.gz", stem: "a.tar", directory: place.inbox, text: `${path}:a.tar.gz {} {1}`, fixed: "x" },
  });
});

Deno.test("files that are there at the very first start are left alone, or taken if that is wished", async () => {
  for (const takesExisting of [false, true]) {
    await using principal = await PrincipalScene.start({ etl: oneTask });
    await using place = await FilesPlace.make();
    const old = await place.drop("old");
    await using listener = await place.listen(principal.client, { takesExisting });
    const recent = await place.drop("new");
    await listener.ran(takesExisting ? 2 : 1);
    deepEqual((await filesOf(principal)).sort(), takesExisting ? [recent, old] : [recent]);
  }
});

Deno.test("files that come while no listener is there are found by the next one, and none has a second run", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  {
    await using listener = await place.listen(principal.client);
    await place.drop("a");
    await listener.ran(1);
  }
  await place.drop("b");
  {
    await using listener = await place.listen(principal.client);
    await listener.ran(1);
  }
  await using listener = await place.listen(principal.client);
  await place.drop("c");
  await listener.ran(1);
  deepEqual(await filesOf(principal), ["a", "b", "c"].map((name) => `${place.inbox}/${name}`));
});

Deno.test("a directory that is not mounted for a while makes no file new", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  const started = /^info files that are put into/;
  {
    await using listener = await place.listen(principal.client);
    await place.drop("a");
    await listener.ran(1);
  }
  await Deno.rename(place.inbox, `${place.aside}/mounted`);
  await Deno.mkdir(place.inbox);
  {
    await using listener = await place.listen(principal.client);
    await listener.log.said(started);
  }
  await Deno.remove(place.inbox);
  await Deno.rename(`${place.aside}/mounted`, place.inbox);
  // Deno's watcher may take the end of the directory that was there for the end of the one that is: then only looking helps.
  await using listener = await place.listen(principal.client, { rescanMs: 1_000 });
  const path = await place.drop("b");
  await listener.ran(1);
  match(listener.log.all(/: run /).join("\n"), new RegExp(`^info ${path}: run \\S+$`));
});

Deno.test("a directory that is not mounted for a while under a listener makes no file new", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client, { rescanMs: 50 });
  await place.drop("a");
  await listener.ran(1);
  const mounted = `${place.aside}/mounted`;
  await Deno.rename(place.inbox, mounted);
  // That it is missing is told again only after a look at an empty one.
  await until(async () => {
    if (await exists(place.inbox)) await Deno.remove(place.inbox);
    else await Deno.mkdir(place.inbox);
    return listener.log.all(/cannot be looked at/).length >= 2;
  });
  if (await exists(place.inbox)) await Deno.remove(place.inbox);
  await Deno.rename(mounted, place.inbox);
  await place.drop("b");
  await listener.ran(2);
  equal(listener.log.all(/: run /).length, 2);
  deepEqual(listener.kept, ["a", "b"]);
});

Deno.test("files that are gone are forgotten, also where tasks leave none", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  {
    await using listener = await place.listen(principal.client, { rescanMs: 50 });
    const path = await place.drop("a");
    await listener.ran(1);
    await Deno.remove(path);
    await until(() => Promise.resolve(listener.kept.length === 0));
    await place.drop("b");
    await listener.ran(2);
  }
  await Deno.remove(`${place.inbox}/b`);
  // After a restart the next file tells that it is the directory that files come to.
  await using listener = await place.listen(principal.client, { rescanMs: 50 });
  deepEqual(listener.kept, ["b"]);
  await Deno.remove(await place.drop("c"));
  await place.drop("d");
  await until(() => Promise.resolve(listener.kept.join() === "d"));
});

Deno.test("a listener that lost what it kept starts no second run within a day", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  {
    await using listener = await place.listen(principal.client);
    await place.drop("a");
    await listener.ran(1);
  }
  for await (const { name } of Deno.readDir(`${place.inbox}/..`)) {
    if (name.startsWith("state.db")) await Deno.remove(`${place.inbox}/../${name}`);
  }
  await using listener = await place.listen(principal.client, { takesExisting: true });
  await listener.ran(1);
  equal((await filesOf(principal)).length, 1);
});

Deno.test("while the principal is away files wait, and what is deleted or changed meanwhile is noticed", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client);
  const names = Array.from({ length: 20 }, (_, index) => `file-${index}`);
  await principal.restart({
    meanwhile: async () => {
      for (const name of names) await place.drop(name);
      await listener.log.said(/^warn files wait for the principal: The principal at .* does not answer/);
      await Deno.remove(`${place.inbox}/file-18`);
      await place.drop("file-19", "changed");
    },
    beforeListening: () => {},
  });
  await listener.ran(19);
  await listener.log.said(/^info the principal answers again/);
  const left = names.filter((name) => name !== "file-18").map((name) => `${place.inbox}/${name}`);
  deepEqual((await filesOf(principal)).sort(), left.sort());
});

Deno.test("a file that is deleted or replaced while the principal is away leaves no name where files are moved to", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client, { moves: true });
  await principal.restart({
    meanwhile: async () => {
      const deleted = await place.drop("deleted");
      await place.drop("replaced", "before");
      for (const name of ["deleted", "replaced"]) await until(() => exists(`${place.done}/${name}`));
      await Deno.remove(deleted);
      await place.drop("replaced", "after");
      await until(async () => !await exists(`${place.done}/deleted`));
    },
    beforeListening: () => {},
  });
  await listener.ran(1);
  await until(async () => !await exists(`${place.inbox}/replaced`));
  deepEqual(await filesOf(principal), [`${place.done}/replaced`]);
  deepEqual((await Array.fromAsync(Deno.readDir(place.done))).map(({ name }) => name), ["replaced"]);
  equal(await Deno.readTextFile(`${place.done}/replaced`), "after");
});

Deno.test("five hundred files at once have one run each", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client, { moves: true, settleMs: 200 });
  const names = Array.from({ length: 500 }, (_, index) => `file-${String(index).padStart(3, "0")}.csv`);
  await Promise.all(names.map((name) => Deno.writeTextFile(`${place.inbox}/${name}`, name)));
  await listener.ran(500);
  deepEqual((await filesOf(principal)).sort(), names.map((name) => `${place.done}/${name}`));
  await until(async () => (await Array.fromAsync(Deno.readDir(place.inbox))).length === 0);
  equal((await Array.fromAsync(Deno.readDir(place.done))).length, 500);
});

Deno.test("a taken file is moved to where its run was told that it is, whatever is there already", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client, { moves: true });
  for (const text of ["first", "second", "third"]) {
    const path = await place.drop("a.csv", text);
    await until(async () => !await exists(path));
  }
  await listener.ran(3);
  const paths = ["a.csv", "a-2.csv", "a-3.csv"].map((name) => `${place.done}/${name}`);
  deepEqual(await filesOf(principal), paths);
  deepEqual(await Promise.all(paths.map((path) => Deno.readTextFile(path))), ["first", "second", "third"]);
});

Deno.test("a file whose listener was killed between its run and its move is moved by the next one", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  const path = await place.drop("a.csv");
  // As the killed one leaves it: the new name is given, the run is there, nothing is kept.
  await Deno.mkdir(place.done);
  await Deno.link(path, `${place.done}/a.csv`);
  await using listener = await place.listen(principal.client, { moves: true, takesExisting: true });
  await until(async () => !await exists(path));
  await listener.ran(1);
  deepEqual(await filesOf(principal), [`${place.done}/a.csv`]);
  deepEqual((await Array.fromAsync(Deno.readDir(place.done))).map(({ name }) => name), ["a.csv"]);
});

Deno.test("where there are no links a file is moved once its run is certain, over no other file", async () => {
  await using place = await FilesPlace.make();
  const path = await place.drop("a.csv", "new");
  await leaveOldPlace(path, `${place.aside}/a.csv`);
  deepEqual([await exists(path), await Deno.readTextFile(`${place.aside}/a.csv`)], [false, "new"]);
  await place.drop("a.csv", "newer");
  await rejects(leaveOldPlace(path, `${place.aside}/a.csv`), /another file has taken the name/);
  deepEqual(await Deno.readTextFile(path), "newer");
  // Links do not reach from one file system to another.
  const { path: wanted, missing } = await giveNewName(path, "/dev/shm/cdktr-test/a.csv");
  match(`${wanted} ${missing}`, /^\/dev\/shm\/cdktr-test\/a\.csv \S/);
  await Deno.remove("/dev/shm/cdktr-test", { recursive: true });
});

Deno.test("nothing is linked or removed through a link that took the place of a subdirectory", async () => {
  await using place = await FilesPlace.make();
  await Deno.mkdir(`${place.aside}/far`);
  await Deno.writeTextFile(`${place.aside}/far/secret`, "x");
  await Deno.symlink(`${place.aside}/far`, `${place.inbox}/sub`);
  const source = `${place.inbox}/sub/secret`;
  await rejects(giveNewName(source, `${place.done}/sub/secret`), /symbolic link/);
  equal(await exists(`${place.done}/sub/secret`), false);
  await Deno.link(source, `${place.aside}/second`);
  await rejects(leaveOldPlace(source, `${place.aside}/second`), /symbolic link/);
  await rejects(leaveOldPlace(source, `${place.aside}/third`), /symbolic link/);
  equal(await exists(`${place.aside}/far/secret`), true);
});

Deno.test("a file that the principal refuses stays, and has its run once the workflow takes it", async () => {
  await using place = await FilesPlace.make();
  await using principal = await PrincipalScene.start({ elt: oneTask });
  const { port } = principal.ports;
  const path = `${place.inbox}/a.csv`;
  {
    await using listener = await place.listen(principal.client, { moves: true, rescanMs: 50, settleMs: 0 });
    await place.drop("a.csv");
    await listener.log.said(/^error .*a\.csv had no run yet and stays where it is, to be tried again: .*etl/);
    await place.drop("b.csv");
    await listener.log.said(/^error .*b\.csv/);
    equal(listener.log.all(/^error .*a\.csv/).length, 1);
    // Between two tries it has no second name.
    await until(async () => await exists(path) && !await exists(`${place.done}/a.csv`));
  }
  await principal[Symbol.asyncDispose]();
  await using mended = await PrincipalScene.start({ etl: oneTask }, { port });
  await using listener = await place.listen(mended.client, { moves: true });
  await listener.ran(2);
  deepEqual((await filesOf(mended)).sort(), [`${place.done}/a.csv`, `${place.done}/b.csv`]);
});

Deno.test("a file waits while the overlap policy lets nothing start", async () => {
  await using principal = await PrincipalScene.start({ etl: `${oneTask}overlap: skip\n` });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client);
  const first = await place.drop("a");
  await listener.ran(1);
  const second = await place.drop("b");
  await listener.log.said(/^warn .*\/b waits: .*overlap policy is skip; `overlap: queue`/);
  const attempt = await principal.fetch();
  await principal.reportRun(attempt, "RUNNING");
  await principal.reportRun(attempt, "COMPLETED");
  await listener.ran(2);
  deepEqual(await filesOf(principal), [first, second]);
});

Deno.test("what the system does not report is found by looking again", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client, { rescanMs: 100 });
  // A directory that is made anew is not the one that is watched.
  await Deno.remove(place.inbox, { recursive: true });
  await listener.log.said(/^warn .* cannot be looked at: /);
  await Deno.mkdir(place.inbox);
  const path = `${place.inbox}/a`;
  await Deno.writeTextFile(path, "x");
  await listener.ran(1);
  deepEqual(await filesOf(principal), [path]);
});

Deno.test("a file whose name is not UTF-8 is told of and hinders no other", async () => {
  await using principal = await PrincipalScene.start({ etl: oneTask });
  await using place = await FilesPlace.make();
  await using listener = await place.listen(principal.client, { rescanMs: 100 });
  const script = `printf x > "$1/$(printf 'bad\\377name')"`;
  await new Deno.Command("sh", { args: ["-c", script, "sh", place.inbox] }).output();
  await place.drop("good");
  await listener.ran(1);
  await listener.log.said(/^warn files in .* whose names are not UTF-8 are passed over/);
  await place.drop("better");
  await listener.ran(2);
  equal(listener.log.all(/^warn files/).length, 1);
  await Deno.remove(place.inbox, { recursive: true }).catch(() => {}); // Deno cannot remove that file.
  await new Deno.Command("rm", { args: ["-r", place.inbox] }).output();
});

Deno.test("a directory for which there is a listener already is refused", async () => {
  await using place = await FilesPlace.make();
  const path = `${place.aside}/state.db`;
  using taken = TakenFiles.open(path);
  taken.begin([]);
  throws(() => TakenFiles.open(path), { code: "CONFLICT", message: /is in use by another listener/ });
  equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("directories that cannot be used", async () => {
  await using place = await FilesPlace.make();
  const options = { patterns: ["*"], isRecursive: false, moveTo: null };
  await rejects(DropFolder.open(`${place.inbox}/none`, options), { code: "NOT_FOUND" });
  await Deno.writeTextFile(`${place.inbox}/file`, "x");
  await rejects(DropFolder.open(`${place.inbox}/file`, options), { code: "STORAGE" });
  await rejects(DropFolder.open(place.inbox, { ...options, moveTo: place.inbox }), { code: "INVALID_ARGUMENT" });
  await rejects(DropFolder.open(place.inbox, { ...options, moveTo: "/proc" }), { code: "INVALID_ARGUMENT" });
  await rejects(DropFolder.open(place.inbox, { ...options, patterns: ["[z-a]"] }), { code: "INVALID_ARGUMENT" });
  match((await DropFolder.open(place.inbox, options)).root, /\/in$/);
});
