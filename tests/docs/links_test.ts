/** Links within the repository lead somewhere, and every page is found by following them. */
import assert from "node:assert/strict";
import { dirname, normalize } from "node:path";
import { allPages, checkout, type Page } from "./pages.ts";

const pages = new Map((await allPages()).map((page) => [page.path, page]));

/** A link to a file of the repository, or within the page. */
interface Link {
  /** As it is written. */
  readonly target: string;
  /** The file, relative to the checkout. */
  readonly path: string;
  readonly anchor: string;
}

function linksOf({ path, prose }: Page): Link[] {
  const inText = [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)];
  const references = [...prose.matchAll(/^\[[^\]]+\]: (\S+)/gm)];
  const html = [...prose.matchAll(/\b(?:href|src)="([^"]+)"/g)];
  return [...inText, ...references, ...html].flatMap(([, target = ""]) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = "", anchor = ""] = target.split("#");
    return [{ target, path: file === "" ? path : normalize(`${dirname(path)}/${decodeURI(file)}`), anchor }];
  });
}

/** The anchors of a page: those that GitHub makes of its headings, and those that stand in it. */
function anchorsOf({ prose, text }: Page): Set<string> {
  const anchors = new Set([...prose.matchAll(/<a (?:id|name)="([^"]+)">/g)].map(([, id = ""]) => id));
  const seen = new Map<string, number>();
  const withoutBlocks = text.replace(/^ *(`{3,}).*\n[^]*?^ *\1 *$/gm, "");
  for (const [, heading = ""] of withoutBlocks.matchAll(/^#{1,6} +(.*?) *#*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

Deno.test("every link and picture of every page leads to a file, and to an anchor in it", async () => {
  const broken: string[] = [];
  let count = 0;
  for (const page of pages.values()) {
    for (const { target, path, anchor } of linksOf(page)) {
      count++;
      const found = pages.get(path);
      const isThere = found !== undefined || await Deno.stat(checkout + path).then(() => true, () => false);
      const hasAnchor = anchor === "" || (found === undefined ? /^L\d+/.test(anchor) : anchorsOf(found).has(anchor));
      if (!isThere || !hasAnchor || path.startsWith("..")) broken.push(`${page.path}: ${target}`);
    }
  }
  assert.ok(count > 60, `${count} links were found`);
  assert.deepEqual(broken, []);
});

Deno.test("every page of docs/ is found by following links from README.md", () => {
  const found = new Set(["README.md"]);
  for (const path of found) {
    const page = pages.get(path);
    for (const link of page === undefined ? [] : linksOf(page)) found.add(link.path);
  }
  assert.deepEqual([...pages.keys()].filter((path) => path.startsWith("docs/") && !found.has(path)), []);
});

Deno.test("every picture of docs/images is shown by a page", async () => {
  const shown = new Set([...pages.values()].flatMap(linksOf).map(({ path }) => path));
  const pictures: string[] = [];
  for await (const { name } of Deno.readDir(`${checkout}docs/images`)) pictures.push(`docs/images/${name}`);
  assert.ok(pictures.length > 0);
  assert.deepEqual(pictures.filter((path) => !shown.has(path)), []);
});
