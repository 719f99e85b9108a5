/** The pages of the repository and the blocks in them. A page that is new is found here, and so tested. */
import { fileURLToPath } from "node:url";

/** The repository's directory, with `/` at its end. */
export const checkout = fileURLToPath(new URL("../../", import.meta.url));

/** What stands between two fences. */
export interface Block {
  /** Where it is, such as `docs/cli.md:74`. */
  readonly where: string;
  /** The word behind the fence, in lower case; empty where there is none. */
  readonly language: string;
  /** Its lines, each with its end, and without the indentation of the fence. */
  readonly text: string;
}

/** A Markdown file. */
export interface Page {
  /** Relative to the checkout. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** The text without its blocks and without code in a line: what can hold a link. */
  readonly prose: string;
}

/** Every page, in the order of their paths. */
export async function allPages(): Promise<Page[]> {
  const paths = ["python/README.md"];
  for await (const { name, isFile } of Deno.readDir(checkout)) if (isFile && name.endsWith(".md")) paths.push(name);
  await collect("docs", paths);
  return await Promise.all(paths.sort().map(async (path) => readPage(path, await Deno.readTextFile(checkout + path))));
}

async function collect(directory: string, into: string[]): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(checkout + directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) await collect(path, into);
    else if (name.endsWith(".md")) into.push(path);
  }
}

/** Takes a page apart. */
export function readPage(path: string, text: string): Page {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { indent: number; fence: string; language: string; where: string; lines: string[] } | null = null;
  for (const [index, line] of text.split("\n").entries()) {
    const [, indent = "", fence = "", language = ""] = /^( *)(`{3,}|~{3,})[ \t]*([\w+-]*)/.exec(line) ?? [];
    if (open === null && fence === "") prose.push(line);
    else if (open === null) {
      const where = `${path}:${index + 1}`;
      open = { indent: indent.length, fence, language: language.toLowerCase(), where, lines: [] };
    } else if (fence === open.fence && language === "") {
      blocks.push({ where: open.where, language: open.language, text: open.lines.map((one) => `${one}\n`).join("") });
      open = null;
    } else open.lines.push(line.slice(Math.min(open.indent, /^ */.exec(line)?.[0].length ?? 0)));
  }
  if (open !== null) throw new Error(`${open.where}: this block has no end`);
  return { path, text, blocks, prose: prose.join("\n").replace(/(`+)[^`]+\1/g, "``") };
}

/** The file that the first line of a block names, such as `workflows/daily.yml`; undefined where it names none. */
export function fileOf({ text }: Block): string | undefined {
  return /^(?:#|\/\/) ((?:[\w-]+\/)*[\w-]+\.(?:ya?ml|py|ts|sh|sql))\s*\n/.exec(text)?.[1];
}

/** What the second line of a block, or its first, says that it needs: programs and files. */
export function needsOf({ text }: Block): string[] {
  const [, words] = /^(?:#.*\n)?# needs: (.*)\n/.exec(text) ?? [];
  return words?.split(",").map((word) => word.trim()) ?? [];
}
