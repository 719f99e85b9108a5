/** Each flood with small figures; `tools/chaos.ts` lets those loose that the promise is made with. */
import { floods } from "./floods/all.ts";
import { play } from "./scenario.ts";

for (const flood of floods) {
  Deno.test(flood.promise, async () => {
    await play(flood, { isLong: false });
  });
}
