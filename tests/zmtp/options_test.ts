import assert from "node:assert/strict";
import { Dealer, defaultSettings, Pull } from "../../src/zmtp/mod.ts";
import { settingsOf } from "../../src/zmtp/options.ts";
import { options } from "./sockets.ts";

Deno.test("a number out of range is named with its value", () => {
  assert.throws(() => new Pull(options({ maxPeers: 0 })), { code: "MISUSE", message: /maxPeers is 0.*at least 1/ });
  assert.throws(() => new Pull(options({ lingerMs: -1 })), { code: "MISUSE" });
  assert.throws(() => new Pull(options({ maxFrameBytes: NaN })), { code: "MISUSE" });
});

Deno.test("an identity is 1 to 255 bytes and does not begin with 0", () => {
  for (const identity of [new Uint8Array(), new Uint8Array(256).fill(1), new Uint8Array([0, 1])]) {
    assert.throws(() => new Dealer(options({ identity })), { code: "MISUSE" });
  }
  new Dealer(options({ identity: new Uint8Array(255).fill(1) }));
});

Deno.test("what is not given has its default", () => {
  assert.equal(settingsOf(options()).maxFrameBytes, defaultSettings.maxFrameBytes);
  assert.equal(settingsOf(options({ maxPeers: 7 })).maxPeers, 7);
});
