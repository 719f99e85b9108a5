/** The tests in groups: each folder of tests/ runs in a process of its own, so that a crash costs one group only. */

/** Groups that need other programs, many processes or much time. */
export const slowGroups: readonly string[] = [
  "tests/blackbox",
  "tests/chaos",
  "tests/compiled",
  "tests/docs",
  "tests/interop",
  "tests/listener",
  "tests/project",
  "tests/python",
  "tests/simulation",
  "tests/system",
  "tests/terminal",
  "tests/tui",
];

/** Groups that test the executable, those of the specifications besides the source. */
export const executableGroups: readonly string[] = ["tests/blackbox", "tests/compiled", "tests/python"];

/**
 * The groups that hold a test.
 *
 * @param root The repository's root directory.
 * @returns Paths relative to the root, in order: folders of tests/, and test files that lie in tests/ itself.
 */
export async function findTestGroups(root: string): Promise<string[]> {
  const groups: string[] = [];
  for await (const entry of Deno.readDir(`${root}/tests`)) {
    const path = `tests/${entry.name}`;
    if (entry.isDirectory ? await holdsTests(`${root}/${path}`) : isTest(entry.name)) groups.push(path);
  }
  return groups.sort();
}

/** Whether `deno test` would take a file of this name for a test, by the one form used here. */
function isTest(name: string): boolean {
  return /_test\.tsx?$/.test(name);
}

async function holdsTests(directory: string): Promise<boolean> {
  for await (const entry of Deno.readDir(directory)) {
    if (entry.isDirectory ? await holdsTests(`${directory}/${entry.name}`) : isTest(entry.name)) return true;
  }
  return false;
}
