/** Workflows that run for what happens elsewhere. */
import { deepEqual, equal, match } from "node:assert/strict";
import { type Block, specification } from "../specification.ts";

export const listen: Block = {
  hundred: 10,
  title: "cdktr listen",
  specifications: [
    specification(
      1001,
      "`listen webhook` runs a workflow for each signed POST, with what its flags take from the body; sent twice it runs once",
      ["listen webhook", 0],
      async (outsider) => {
        const place = await outsider.served();
        await Deno.writeTextFile(`${place.path}/token`, "let-me-in\n", { mode: 0o600 });
        const flags = ["--port", "0", "--token-file", "token", "--path", "/orders=counting", "--param", "place=/to"];
        const listener = place.start(["listen", "webhook", ...flags]);
        const [, url = ""] = await listener.said(/webhooks are taken on (http:\S+)\//);
        const folder = await place.folder();
        const post = (headers: Record<string, string>, path = "/orders") =>
          fetch(url + path, { method: "POST", body: JSON.stringify({ to: folder }), headers });
        const allowed = { "Authorization": "Bearer let-me-in", "Idempotency-Key": `order of ${folder}` };
        const first = await post(allowed);
        equal(first.status, 202);
        const { runId } = await first.json();
        equal((await (await post(allowed)).json()).runId, runId);
        equal(await place.endOf(runId), "COMPLETED");
        equal(await Deno.readTextFile(`${folder}/ran`), `${runId} \n`);
        for (const [answer, status] of [[post({}), 401], [post(allowed, "/nothing"), 404]] as const) {
          const { status: got, body } = await answer;
          await body?.cancel();
          equal(got, status);
        }
        const { code, stdout } = await listener.end();
        deepEqual([code, stdout], [0, ""]);
      },
    ),
    specification(
      1002,
      "`listen webhook` without a secret takes no other addresses than those of this machine's own",
      ["listen webhook", 2],
      async (outsider) => {
        const place = await outsider.place();
        const { code, stderr } = await place.call(["listen", "webhook", "--host", "0.0.0.0", "--port", "0"]);
        equal(code, 2);
        match(stderr, /^error\[\w+\]: .*\n {2}hint: .*--(?:secret|token)-file/);
      },
    ),
    specification(
      1003,
      "`listen files` runs a workflow once for each file that is complete, and moves it away",
      ["listen files", 0],
      async (outsider) => {
        const place = await outsider.served();
        await Deno.mkdir(`${place.path}/in`);
        const folder = await place.folder();
        const flags = ["--match", "*.csv", "--settle", "100ms", "--move-to", "done", "-p", `place=${folder}`];
        const listener = place.start(["listen", "files", "in", "--workflow", "counting", ...flags]);
        await listener.said(/files that are put into .*\/in have counting run/);
        await Deno.writeTextFile(`${place.path}/in/ignored.txt`, "");
        await Deno.writeTextFile(`${place.path}/in/orders.csv`, "1,2\n");
        const [, runId = ""] = await listener.said(/orders\.csv: run (\S+)/);
        equal(await place.endOf(runId.replace(/\W+$/, "")), "COMPLETED");
        equal((await listener.end()).code, 0);
        deepEqual([...Deno.readDirSync(`${place.path}/in`)].map(({ name }) => name), ["ignored.txt"]);
        equal(await Deno.readTextFile(`${place.path}/done/orders.csv`), "1,2\n");
        equal((await Deno.readTextFile(`${folder}/ran`)).trim().split("\n").length, 1);
      },
    ),
  ],
};
