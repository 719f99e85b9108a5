import assert from "node:assert/strict";
import fc from "fast-check";
import { PrefixTrie } from "../../src/zmtp/trie.ts";

const topic = fc.uint8Array({ maxLength: 6, max: 2 });

Deno.test("a trie finds exactly the subscribers whose prefix begins the topic, whatever came and went before", () => {
  const step = fc.record({ adds: fc.boolean(), prefix: topic, subscriber: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(topic, { maxLength: 10 }), (steps, topics) => {
      const trie = new PrefixTrie<number>();
      const pairs = new Map<string, { prefix: Uint8Array; subscriber: number }>();
      for (const { adds, prefix, subscriber } of steps) {
        const key = `${prefix.toHex()} ${subscriber}`;
        if (adds) {
          trie.add(prefix, subscriber);
          pairs.set(key, { prefix, subscriber });
        } else {
          trie.remove(prefix, subscriber);
          pairs.delete(key);
        }
      }
      for (const each of topics) {
        const found: number[] = [];
        trie.match(each, (subscriber) => found.push(subscriber));
        const wanted = [...pairs.values()].filter(({ prefix }) => prefix.every((byte, at) => each[at] === byte));
        assert.deepEqual(found.sort(), wanted.map(({ subscriber }) => subscriber).sort());
      }
    }),
  );
});
