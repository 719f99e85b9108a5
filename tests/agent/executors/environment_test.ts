import assert from "node:assert/strict";
import { taskEnvironment } from "../../../src/agent/executors/environment.ts";

const source = {
  workflow: { id: "etl.daily", env: { STAGE: "test", REGION: "eu" } },
  task: { id: "load", env: { STAGE: "prod" } },
  runId: "0190-run",
  attempt: 2,
  taskRunId: "0190-task-run",
  tryNumber: 3,
  params: { day: "2025-01-20", Region: "us" },
  inputs: new Map([["ex tract.1", { rows: "12", file_name: "a=b" }], ["größe", { k: "" }]]),
  outputPath: "/private/0190-task-run.output",
  inputsPath: "/private/0190-task-run.inputs.json",
};

Deno.test("environment: workflow, task, outputs above, parameters and identity, later ones winning", () => {
  assert.deepEqual(taskEnvironment(source, () => true), {
    STAGE: "prod",
    REGION: "eu",
    CDKTR_WORKFLOW_ID: "etl.daily",
    CDKTR_RUN_ID: "0190-run",
    CDKTR_TASK_ID: "load",
    CDKTR_ATTEMPT: "2",
    CDKTR_TASK_RUN_ID: "0190-task-run",
    CDKTR_TRY: "3",
    CDKTR_OUTPUT: "/private/0190-task-run.output",
    CDKTR_INPUTS: "/private/0190-task-run.inputs.json",
    CDKTR_OUTPUT_EX_TRACT_1_ROWS: "12",
    CDKTR_OUTPUT_EX_TRACT_1_FILE_NAME: "a=b",
    CDKTR_OUTPUT_GR_SSE_K: "",
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
