/**
 * The text files of the checkout. They are found by walking it with `.gitignore` in hand, not by asking git: the gate
 * must also run from an archive, without git, or as another user than the one who owns the checkout.
 */

/** A text file of the repository. */
export interface TextFile {
  /** Relative to the repository's root, with `/` between its parts. */
  readonly path: string;
  readonly text: string;
}

/** Larger files are no source of ours; reading them would only make the gate slow. */
const maxFileBytes = 2 * 1024 * 1024;

/**
 * The test that `.gitignore` states, for the forms this repository uses: `name`, `name/`, `/anchored/` and `*`.
 *
 * @param gitignore The file's text.
 * @returns Whether a path (relative to the root, without a trailing `/`) is ignored.
 * @throws Error on a form that is not understood, so that it is never silently passed over.
 */
export function ignoreRule(gitignore: string): (path: string, isDirectory: boolean) => boolean {
  const patterns = gitignore.split("\n").map((line) => line.trim()).filter((line) =>
    line !== "" && !line.startsWith("#")
  );
  const rules = patterns.map((pattern) => {
    const body = pattern.replace(/^\//, "").replace(/\/$/, "");
    if (/^!|[?[\]\\]|\*\*/.test(pattern)) {
      throw new Error(
        `.gitignore: "${pattern}" is a form that tools/ok/tree.ts does not understand; teach it or write it plainly`,
      );
    }
    const anchored = pattern.startsWith("/") || body.includes("/");
    const source = body.replace(/[.+^${}()|]/g, "\\$&").replaceAll("*", "[^/]*");
    return { onlyDirectories: pattern.endsWith("/"), regex: new RegExp(`${anchored ? "^" : "(?:^|/)"}${source}$`) };
  });
  return (path, isDirectory) => rules.some((rule) => (isDirectory || !rule.onlyDirectories) && rule.regex.test(path));
}

/**
 * Every text file below `root` that git would track.
 *
 * @param root The repository's root directory.
 * @returns The files in the order of their paths. Files with a NUL byte, and those over 2 MiB, are left out.
 */
export async function readTree(root: string): Promise<TextFile[]> {
  const isIgnored = ignoreRule(await Deno.readTextFile(`${root}/.gitignore`).catch(() => ""));
  const paths: string[] = [];
  const walk = async (directory: string): Promise<void> => {
    for await (const entry of Deno.readDir(directory === "" ? root : `${root}/${directory}`)) {
      const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
      if (path === ".git" || isIgnored(path, entry.isDirectory)) continue;
      if (entry.isDirectory) await walk(path);
      else if (entry.isFile) paths.push(path);
    }
  };
  await walk("");
  const files = await Promise.all(paths.sort().map((path) => readText(root, path)));
  return files.filter((file) => file !== null);
}

/** Null for what is not text, and for a file that went away since it was listed. */
async function readText(root: string, path: string): Promise<TextFile | null> {
  try {
    const { size } = await Deno.stat(`${root}/${path}`);
    if (size > maxFileBytes) return null;
    const text = await Deno.readTextFile(`${root}/${path}`);
    return text.includes("\0") ? null : { path, text };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
