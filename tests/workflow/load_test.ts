import assert from "node:assert/strict";
import { CdktrError } from "../../src/core/mod.ts";
import { listWorkflowFiles, workflowId } from "../../src/workflow/directory.ts";
import { loadFile, validatePath } from "../../src/workflow/load.ts";
import { formatProblem } from "../../src/workflow/problem.ts";
import { smallFile } from "./samples.ts";

/** Makes a directory with the given files, and removes it after the test. */
async function withFiles(files: Readonly<Record<string, string>>, test: (directory: string) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  try {
    for (const [path, content] of Object.entries(files)) {
      await Deno.mkdir(`${directory}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${directory}/${path}`, content);
    }
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const isCode = (code: string) => (error: unknown) => error instanceof CdktrError && error.code === code;

Deno.test("the id is the path without extension, joined with dots", () => {
  assert.equal(workflowId("example.yml"), "example");
  assert.equal(workflowId("etl/daily.yaml"), "etl.daily");
  assert.equal(workflowId("sub.d/x/f.v1.yml"), "sub.d.x.f.v1");
});

Deno.test("the shipped workflows are those of the book and the demo, without errors or warnings", async () => {
  const results = await validatePath(new URL("../../workflows", import.meta.url).pathname);
  assert.deepEqual(results.flatMap(({ problems }) => problems), []);
  assert.deepEqual(results.map(({ id, workflow }) => `${id}: ${workflow?.name}`), [
    "demo: Demo",
    "examples.http_webhook: Notify Slack",
    "examples.linear_pipeline: ETL Pipeline",
    "examples.parallel_tasks: Multi-Source Scraper",
    "examples.scheduled_task: Database Backup",
    "examples.uv_python_packages: Data Analysis",
    "examples.uv_python_project: Report Generator",
    "ml.training: ML Model Training",
    "monitoring.health_check: Health Check",
    "news.scraper: News Scraper",
    "reports.weekly_sales: Weekly Sales Report",
  ]);
});

Deno.test("only .yml and .yaml files count, at any depth, and nothing hidden", async () => {
  const files = ["a.yml", "b.yaml", "c/d/e.yml", "README", "x.YML", "x.yml~", ".hidden.yml", ".git/f.yml", "g.json"];
  await withFiles(Object.fromEntries(files.map((file) => [file, smallFile("x")])), async (directory) => {
    const { files, unreadable } = await listWorkflowFiles(directory);
    assert.deepEqual(files.map(({ id }) => id), ["a", "b", "c.d.e"]);
    assert.deepEqual(unreadable, []);
  });
});

Deno.test("links are followed, but not back into themselves", async () => {
  await withFiles({ "a/one.yml": smallFile("x"), "b/two.yml": smallFile("x") }, async (directory) => {
    await Deno.symlink("../b", `${directory}/a/to_b`);
    await Deno.symlink("../a", `${directory}/b/to_a`);
    await Deno.symlink(".", `${directory}/a/self`);
    await Deno.symlink("nowhere.yml", `${directory}/broken.yml`);
    await Deno.symlink("loop.yml", `${directory}/loop.yml`);
    await Deno.symlink("a/one.yml", `${directory}/three.yml`);
    const { files } = await listWorkflowFiles(directory);
    assert.deepEqual(files.map(({ id }) => id), ["a.one", "a.to_b.two", "b.to_a.one", "b.two", "three"]);
  });
});

Deno.test("a link to nothing is a file that cannot be read, if its name is that of a workflow", async () => {
  await withFiles({ "a.yml": smallFile("x") }, async (directory) => {
    for (const name of ["broken.yml", "README", ".hidden.yml"]) await Deno.symlink("nowhere", `${directory}/${name}`);
    const [broken, a, ...more] = await validatePath(directory);
    assert.deepEqual([a?.workflow?.name, more], ["x", []]);
    assert.deepEqual(broken?.problems.map(formatProblem), [
      `${directory}/broken.yml:1:1: error: The link leads to nothing; mend it, or remove it.`,
    ]);
  });
});

Deno.test("a directory is judged file by file, and two files with one id both say so", async () => {
  const files = { "a.yml": smallFile("x"), "a.yaml": smallFile("y"), "b.yml": "name: [", "c.yml": smallFile("z") };
  await withFiles(files, async (directory) => {
    const results = await validatePath(`${directory}/`);
    assert.deepEqual(
      results.map(({ id, workflow, problems }) => [id, workflow?.name, problems.map(({ code }) => code)]),
      [
        ["a", undefined, ["duplicate-id"]],
        ["a", undefined, ["duplicate-id"]],
        ["b", undefined, ["yaml"]],
        ["c", "z", []],
      ],
    );
    assert.equal(
      results[0]?.problems[0]?.message,
      `The workflow id "a" is also that of ${directory}/a.yml; rename or remove one of them.`,
    );
    assert.equal(results[3]?.workflow?.path, `${directory}/c.yml`);
  });
});

Deno.test("a single file gets its id from its name", async () => {
  await withFiles({ "etl/daily.yml": smallFile("x"), "bad.yml": "" }, async (directory) => {
    const daily = await loadFile(`${directory}/etl/daily.yml`);
    assert.deepEqual([daily.id, daily.workflow?.id, daily.problems], ["daily", "daily", []]);
    const [bad] = await validatePath(`${directory}/bad.yml`);
    assert.deepEqual([bad?.workflow, bad?.problems.length], [null, 1]);
  });
});

Deno.test("what is not there is named", async () => {
  await withFiles({ "a.yml": smallFile("x") }, async (directory) => {
    await assert.rejects(loadFile(`${directory}/none.yml`), isCode("NOT_FOUND"));
    await assert.rejects(validatePath(`${directory}/none`), isCode("NOT_FOUND"));
    await assert.rejects(loadFile(directory), isCode("STORAGE"));
    await assert.rejects(listWorkflowFiles(`${directory}/none`), isCode("NOT_FOUND"));
    await assert.rejects(listWorkflowFiles(`${directory}/a.yml`), isCode("STORAGE"));
  });
});
