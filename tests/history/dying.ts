/** Dies, as DuckDB makes a process die, in the middle of opening: as soon as its marker stands. */
import { openHistory } from "./fixtures.ts";

const path = Deno.args[0] ?? "";
const marker = `${path}.opening`;
const watcher = new Worker(
  URL.createObjectURL(
    new Blob([`
      self.onmessage = ({ data }) => {
        self.postMessage("watching");
        while (true) {
          try {
            if (Deno.readTextFileSync(data).includes("process " + Deno.pid + ",")) Deno.kill(Deno.pid, "SIGKILL");
          } catch {
            // It does not stand yet.
          }
        }
      };`]),
  ),
  { type: "module" },
);
const watching = new Promise((resolve) => watcher.onmessage = resolve);
watcher.postMessage(marker);
await watching;
while (true) {
  const history = await openHistory({ path });
  await history.close();
}
