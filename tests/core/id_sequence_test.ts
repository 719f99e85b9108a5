import assert from "node:assert/strict";
import fc from "fast-check";
import { IdSequence } from "../../src/core/id_sequence.ts";

Deno.test("whatever is done to it, a sequence agrees with a plain list", () => {
  const id = fc.integer({ min: 0, max: 30 }).map((n) => `r${String(n).padStart(2, "0")}`);
  const step = fc.record({ isPut: fc.boolean(), id });
  const runs = fc.record({ steps: fc.array(step, { maxLength: 200 }), put: fc.constantFrom("push", "insert") });
  fc.assert(fc.property(runs, ({ steps, put }) => {
    const sequence = new IdSequence();
    const list: string[] = [];
    for (const { isPut, id } of steps) {
      const place = list.indexOf(id);
      if (!isPut) {
        if (place >= 0) list.splice(place, 1);
        sequence.remove(id);
      } else if (place < 0) {
        list.push(id);
        if (put === "push") sequence.push(id);
        else {
          list.sort();
          sequence.insert(id);
        }
      }
      assert.deepEqual([...sequence.ids()], list);
      assert.equal(sequence.first, list[0]);
      assert.equal(sequence.size, list.length);
    }
  }));
});
