/** Opens history, says so, and archives all lines but a day's. The tests kill it. */
import { openHistory } from "./fixtures.ts";

const [path = "", archiveDirectory = "", nowMs = "0"] = Deno.args;
const history = await openHistory({ path, archiveDirectory });
Deno.stdout.writeSync(new TextEncoder().encode("open\n"));
await history.retain({ olderThanMs: 86_400_000, nowMs: Number(nowMs) });
await new Promise(() => {});
