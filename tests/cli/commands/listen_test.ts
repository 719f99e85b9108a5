/** `cdktr listen` as its users have it: processes of their own, that are killed or see their principal killed. */
import { deepEqual, equal, match } from "node:assert/strict";
import { sign } from "../../listener/webhook_scene.ts";
import { type CdktrProcess, Place } from "../../system/processes.ts";
import { call, temporaryDirectory } from "../call.ts";
import { OriginalScene } from "../original_scene.ts";
import { oneTask } from "../principal_scene.ts";

/** The parameter `key` of all runs, in order. */
async function paramsOf(place: Place, key: string): Promise<(string | undefined)[]> {
  await using client = place.client();
  const { runs } = await client.call("RUNS", { limit: 1000 });
  return runs.map(({ params }) => params[key]).sort();
}

async function startWebhook(place: Place, args: readonly string[], env: Record<string, string> = {}) {
  const listener = place.start(["listen", "webhook", "--port", "0", ...args], env);
  const [, address = ""] = await listener.said(/webhook: webhooks are taken on (http:\S+)\//);
  return { listener, address };
}

/** Sends until it is accepted, as senders do. */
async function deliver(url: string, delivery: string): Promise<void> {
  for (;;) {
    const body = JSON.stringify({ delivery });
    const response = await fetch(url, { method: "POST", body, headers: { "Idempotency-Key": delivery } });
    await response.body?.cancel();
    if (response.status === 202) return;
    equal(response.status, 503);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function entries(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
}

Deno.test("each delivery is one run, though the principal is killed among them", async () => {
  await using place = await Place.make();
  await place.write("etl", oneTask);
  await using killed = await place.startPrincipal();
  const { listener, address } = await startWebhook(place, ["--param", "delivery=/delivery"]);
  await using webhook: CdktrProcess = listener;
  const names = Array.from({ length: 60 }, (_, index) => `delivery-${String(index).padStart(2, "0")}`);
  await Promise.all(names.slice(0, 20).map((name) => deliver(`${address}/etl`, name)));
  const rest = names.slice(20).map((name) => deliver(`${address}/etl`, name));
  await killed.end("SIGKILL");
  await using _principal = await place.startPrincipal();
  await Promise.all([...rest, ...names.map((name) => deliver(`${address}/etl`, name))]);
  deepEqual(await paramsOf(place, "delivery"), names);
  const { code, stdout } = await webhook.end("SIGTERM");
  deepEqual([code, stdout], [0, ""]);
});

Deno.test("each file is one run and is moved, though listener and principal are killed among them", async () => {
  await using place = await Place.make();
  await place.write("etl", oneTask);
  const [inbox, done] = [`${place.path}/in`, `${place.path}/done`];
  await Deno.mkdir(inbox);
  const names = Array.from({ length: 150 }, (_, index) => `file-${String(index).padStart(3, "0")}.csv`);
  const drop = (some: readonly string[]) =>
    Promise.all(some.map((name) => Deno.writeTextFile(`${inbox}/${name}`, name)));
  const listen = () =>
    place.start([
      ...["listen", "files", "in", "--workflow", "etl", "--match", "*.csv", "--settle", "100ms"],
      ...["-p", "file={path}", "--move-to", "done"],
    ]);

  await using killedPrincipal = await place.startPrincipal();
  {
    await using killed = listen();
    await killed.said(/files that are put into .*\/in have etl run/);
    await drop(names.slice(0, 1));
    await killed.said(/file-000\.csv: run /);
    await drop(names.slice(1, 80));
    await killed.said(/file-0\d[1-9]\.csv: run /);
    await killed.end("SIGKILL");
  }
  await drop(names.slice(80, 100));
  await using listener = listen();
  await listener.said(/\.csv: run /);
  await killedPrincipal.end("SIGKILL");
  await drop(names.slice(100));
  await listener.said(/WARN {2}files: files wait for the principal: /);
  await using _principal = await place.startPrincipal();
  while ((await entries(inbox)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  deepEqual(await paramsOf(place, "file"), names.map((name) => `${done}/${name}`));
  deepEqual(await entries(done), names);
  const { code, stdout } = await listener.end("SIGTERM");
  deepEqual([code, stdout], [0, ""]);
});

Deno.test("a named pipe among the files is told once, and neither files nor the end of the listener wait for it", async () => {
  await using place = await Place.make();
  await place.write("etl", oneTask);
  const inbox = `${place.path}/in`;
  await Deno.mkdir(inbox);
  await using _principal = await place.startPrincipal();
  await using listener = place.start([
    "listen",
    "files",
    "in",
    "--workflow",
    "etl",
    "--settle",
    "0s",
    "--rescan",
    "1s",
  ]);
  await listener.said(/files that are put into .*\/in have etl run/);
  equal((await new Deno.Command("mkfifo", { args: [`${inbox}/pipe`] }).output()).code, 0);
  await listener.said(
    /WARN {2}files: .*\/in\/pipe is a named pipe and passed over; until the next start, .* every 1 s/,
  );
  await Deno.writeTextFile(`${inbox}/a.csv`, "a");
  await listener.said(/a\.csv: run /);
  await Deno.remove(`${inbox}/pipe`);
  await Deno.writeTextFile(`${inbox}/b.csv`, "b");
  await listener.said(/b\.csv: run /);
  equal((await new Deno.Command("mkfifo", { args: [`${inbox}/last`] }).output()).code, 0);
  const { code, stderr } = await listener.end("SIGTERM");
  equal(code, 0);
  equal(stderr.match(/in\/pipe is a named pipe/g)?.length, 1);
});

Deno.test("secrets come from the environment or a file, which others should not be able to read", async () => {
  await using place = await Place.make();
  await place.write("etl", oneTask);
  await using _principal = await place.startPrincipal();
  await Deno.writeTextFile(`${place.path}/secrets`, "old one\r\n\nnew one\n", { mode: 0o644 });
  await Deno.chmod(`${place.path}/secrets`, 0o644);
  const flags: [args: string[], env: Record<string, string>, secret: string][] = [
    [[], { CDKTR_WEBHOOK_SECRET: "from outside" }, "from outside"],
    [["--secret-file", "secrets"], { CDKTR_WEBHOOK_SECRET: "from outside" }, "new one"],
  ];
  for (const [args, env, secret] of flags) {
    const { listener, address } = await startWebhook(place, ["--host", "127.0.0.1", ...args], env);
    await using _listener = listener;
    const send = async (key: string) => {
      const headers = { "X-Hub-Signature-256": sign(key, "body") };
      const response = await fetch(`${address}/etl`, { method: "POST", body: "body", headers });
      await response.body?.cancel();
      return response.status;
    };
    deepEqual([await send(secret), await send("another")], [202, 401]);
    if (args.length > 0) await listener.said(/WARN .*secrets can be read by others/);
  }
});

Deno.test("command lines that cannot be used", async (t) => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/empty`, "\n \n");
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const files = ["listen", "files", ".", "--workflow", "etl"];
  const webhook = ["listen", "webhook"];
  const cases: [argv: string[], exitCode: number, says: RegExp][] = [
    [[...webhook, "--host", "0.0.0.0"], 2, /INVALID_ARGUMENT\]: Without a secret 0\.0\.0\.0 is not listened on/],
    [[...webhook, "--host", "127.0.0.1.example.org"], 2, /INVALID_ARGUMENT\]: Without a secret/],
    [[...webhook, "--secret-file", "empty"], 2, /INVALID_ARGUMENT\]: The file of secrets .*empty is empty/],
    [[...webhook, "--token-file", "none"], 3, /NOT_FOUND\]: There is no file of secrets .*none\./],
    [
      [...webhook, "--port", String(taken.addr.port)],
      1,
      /ADDRESS_IN_USE\]: Cannot listen on 127\.0\.0\.1:\d+: another/,
    ],
    [[...webhook, "--path", "hook=etl"], 2, /Give it as \/path=workflow/],
    [[...webhook, "--path", "/a=etl", "--path", "/a=elt"], 2, /\/a is given twice/],
    [[...webhook, "--param", "date=date"], 2, /A JSON pointer has a \/ before each of its parts/],
    [[...webhook, "--body-param", "no name"], 2, /A name has letters/],
    [["listen", "files", "."], 2, /--workflow/],
    [["listen", "files", "none", "--workflow", "etl"], 3, /NOT_FOUND\]: The directory .*none does not exist/],
    [[...files, "-p", "file={pth}"], 2, /The parameter file has \{pth\}, which is no part of a path/],
    [[...files, "--match", "in/*.csv"], 2, /It is matched against names/],
    [[...files, "--rescan", "0"], 2, /at least 1000 ms/],
    [[...files, "--move-to", "."], 2, /Files cannot be moved to .*, where they are already/],
    [[...files, "--state", "empty"], 1, /STORAGE\]: The state file .*empty cannot be opened/],
  ];
  for (const [argv, exitCode, says] of cases) {
    await t.step(argv.join(" "), async () => {
      const environment = { CDKTR_APP_DATA_DIRECTORY: `${directory.path}/kept`, CDKTR_PRINCIPAL_PORT: "1" };
      const outcome = await call(argv, { workingDirectory: directory.path, environment });
      equal(outcome.exitCode, exitCode, outcome.stderr);
      match(outcome.stderr, says);
      match(outcome.stderr, /\n {2}hint: .+\n$/);
      equal(outcome.stdout, "");
    });
  }
});

Deno.test("parameters of files are refused at once for an original principal", async () => {
  await using original = await OriginalScene.start();
  await using directory = await temporaryDirectory();
  const argv = ["listen", "files", ".", "--workflow", "etl", "-p", "file={path}", "--state", "state.db"];
  const { exitCode, stderr } = await original.call(argv, { workingDirectory: directory.path });
  equal(exitCode, 1);
  match(stderr, /UNSUPPORTED\]: The principal at .* is an original cdktr, whose RUNTASK has nothing for --param/);
});
