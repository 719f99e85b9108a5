/** Each scenario with small figures; `tools/chaos.ts` plays them with those that the promise is made with. */
import { play } from "./scenario.ts";
import { chaosScenarios } from "./scenarios/all.ts";

for (const scenario of chaosScenarios) {
  Deno.test(scenario.promise, async () => {
    await play(scenario, { isLong: false });
  });
}
