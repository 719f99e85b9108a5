import { equal, match, ok } from "node:assert/strict";
import { listSettings, loadConfig, settings } from "../../src/config/mod.ts";
import { settingRow } from "../../src/config/list.ts";
import { text } from "../../src/config/setting.ts";

Deno.test("a setting's key is the name of its variable without CDKTR_, in camel case", () => {
  for (const [key, { variable }] of Object.entries(settings)) {
    const words = variable.replace(/^CDKTR_/, "").toLowerCase().split("_");
    equal(key, words[0] + words.slice(1).map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(""));
  }
});

Deno.test("every setting is described in a sentence", () => {
  for (const { description } of Object.values(settings)) match(description, /^[A-Z].*\.$/);
});

Deno.test("the list has one row a setting, with value, source and default", () => {
  const rows = listSettings(loadConfig({
    environment: { HOME: "/root", CDKTR_TASK_GRACE_MS: "5", CDKTR_AGENT_LABELS: "gpu, eu" },
    workingDirectory: "/",
    readTextFile: () => undefined,
  }));
  equal(rows.length, Object.keys(settings).length);
  const row = rows.find(({ name }) => name === "CDKTR_TASK_GRACE_MS");
  ok(row);
  equal(row.value, 5);
  equal(row.source, "environment");
  equal(row.default, "10000");
  equal(row.unit, "ms");
  const labels = rows.find(({ name }) => name === "CDKTR_AGENT_LABELS");
  equal(labels?.value, "gpu,eu", "a list as it is written");
});

Deno.test("a secret is masked in the list, whatever its value and wherever it came from", () => {
  const setting = text("CDKTR_TOKEN", {
    pattern: /./,
    accepts: "a token",
    default: "",
    description: "A.",
    secret: true,
  });
  const row = settingRow(setting, "hunter2", { source: ".env", sourceDetail: "/.env:1" });
  equal(JSON.stringify(row).includes("hunter2"), false);
  equal(row.value, "********");
});
