import assert from "node:assert/strict";
import { taskEnvironment } from "../../../src/agent/executors/environment.ts";

const source = {
  workflow: { id: "etl.daily", env: { STAGE: "test", REGION: "eu" } },
  task: { id: "load", env: { STAGE: "prod" } },
  runId: "0190-run",
  attempt: 2,
  params: { day: "2025-01-20", Region: "us" },
};

Deno.test("environment: workflow, task, identity and parameters, later ones winning", () => {
  assert.deepEqual(taskEnvironment(source, () => true), {
    STAGE: "prod",
    REGION: "eu",
    CDKTR_WORKFLOW_ID: "etl.daily",
    CDKTR_RUN_ID: "0190-run",
    CDKTR_TASK_ID: "load",
    CDKTR_ATTEMPT: "2",
    CDKTR_PARAM_DAY: "2025-01-20",
    CDKTR_PARAM_REGION: "us",
  });
});

Deno.test("environment: Python writes its lines at once, unless somebody decided otherwise", () => {
  assert.equal(taskEnvironment(source, () => false)["PYTHONUNBUFFERED"], "1");
  assert.equal("PYTHONUNBUFFERED" in taskEnvironment(source, (name) => name === "PYTHONUNBUFFERED"), false);
  const task = { id: "load", env: { PYTHONUNBUFFERED: "" } };
  assert.equal(taskEnvironment({ ...source, task }, () => false)["PYTHONUNBUFFERED"], "");
});

Deno.test("environment: what identifies a task cannot be overridden", () => {
  const task = { id: "load", env: { CDKTR_RUN_ID: "mine", CDKTR_PARAM_DAY: "never" } };
  const env = taskEnvironment({ ...source, task }, () => true);
  assert.equal(env["CDKTR_RUN_ID"], "0190-run");
  assert.equal(env["CDKTR_PARAM_DAY"], "2025-01-20");
});
