/** A principal in a process of its own, until its standard input ends. Writes its ports as one line of JSON. */
import { Scene } from "./original_scene.ts";

await using scene = await Scene.open();
console.log(JSON.stringify(scene.ports));
for await (const _ of Deno.stdin.readable);
