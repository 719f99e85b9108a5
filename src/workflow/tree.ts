/**
 * YAML text as a plain tree, with the place of everything in it.
 *
 * Scalars stay the text that was written: a number, `yes` or `1.10` means to a workflow what it looks like, and which
 * fields are numbers is the schema's business. YAML comes from `yaml`; what is added here is what it leaves open:
 * limits on depth and on what aliases expand to, and the tags of a task's `config`.
 */

import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, type Node, type ParsedNode, Parser, Scalar } from "yaml";
import { messageOf } from "../core/mod.ts";
import { fileLimits } from "./limits.ts";
import { pathText } from "./problem.ts";
import type { Source } from "./source.ts";
import { suggestion } from "./suggestion.ts";

/** A value of a workflow file. A mapping has no prototype, so any key is an ordinary one. */
export type Tree = string | null | Tree[] | TreeMap;
/** A mapping. */
export interface TreeMap {
  [key: string]: Tree;
}

/** Where a value stands, as offsets into the text. */
export interface Place {
  readonly offset: number;
  /** Where its key stands; the value itself when it has none. */
  readonly keyOffset: number;
  /** Places of what is inside, in the order of the file; keys of a mapping, or indexes of a list. */
  readonly parts: ReadonlyMap<string | number, Place>;
}

/** A value with its place and its size once aliases are written out. */
interface Located {
  readonly value: Tree;
  readonly place: Place;
  readonly expandedChars: number;
}

/** Ends the reading of a file of which the source knows the problem. */
class Unreadable extends Error {}

const noParts: ReadonlyMap<string | number, Place> = new Map();
const yamlTag = "tag:yaml.org,2002:";
const plainTags = new Set([
  "!",
  ...["str", "int", "float", "bool", "null", "map", "seq"].map((name) => yamlTag + name),
]);

/** The tags of a task's config, and the type each stands for. */
const configTags = new Map([["!Subprocess", "subprocess"], ["!UvPython", "uv_python"]]);
const allowedTags = [...configTags.keys()].join(" and ");

/**
 * Reads the only document of `text`. Returns `null` when that cannot be done; `source` then has the problems. That holds
 * for defects of the YAML library as well: one file shall not stop a principal that watches a directory of them.
 */
export function readTree(text: string, source: Source): { value: Tree; place: Place } | null {
  try {
    const contents = compose(text, source);
    if (source.hasErrors) return null;
    if (contents === null) return { value: null, place: { offset: 0, keyOffset: 0, parts: noParts } };
    return new TreeReader(source).read(contents, contents.range[0], []);
  } catch (error) {
    if (error instanceof Unreadable) return null;
    source.report(0, { code: "yaml", message: `The YAML of this file cannot be read: ${messageOf(error)}.` });
    return null;
  }
}

/** Text to YAML nodes. Stops at the first sign of excessive depth: what comes later recurses once a level. */
function compose(text: string, source: Source): ParsedNode | null {
  const parser = new Parser(source.lineCounter.addNewLine);
  const tokens = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > fileLimits.maxNestingDepth) {
      const message = `Lists and mappings are nested more than ${fileLimits.maxNestingDepth} levels deep.`;
      source.report(parser.offset, { code: "limit", message });
      return null;
    }
  }
  for (const token of parser.end()) tokens.push(token);

  // The failsafe schema keeps every scalar text. Duplicate keys are looked for below: yaml compares each with each.
  const composer = new Composer({ schema: "failsafe", uniqueKeys: false, prettyErrors: false });
  const [document, another] = composer.compose(tokens, true, text.length);
  if (document === undefined) return null;
  if (another !== undefined) {
    const message = "Here a second document begins (after ---); write one workflow per file.";
    source.report(another.range[0], { code: "yaml", message });
  }
  for (const { code, message, pos } of document.errors) {
    source.report(pos[0], {
      code: code === "TAG_RESOLVE_FAILED" ? "unknown-tag" : "yaml",
      message: yamlSentence(code, message),
    });
  }
  for (const { code, message, pos } of document.warnings) {
    // About tags; the reader below judges them.
    if (code === "TAG_RESOLVE_FAILED") continue;
    source.report(pos[0], { severity: "warning", code: "yaml", message: yamlSentence(code, message) });
  }
  return document.contents;
}

function yamlSentence(code: string, message: string): string {
  switch (code) {
    case "TAB_AS_INDENT":
      return "A tab indents this line; YAML is indented with spaces.";
    case "BAD_INDENT":
      return `The indentation does not fit what is around it: ${message}.`;
    case "TAG_RESOLVE_FAILED":
      return `This tag cannot be understood; allowed are ${allowedTags}, on a task's config.`;
    default:
      return `This is not valid YAML: ${message.replace(/\.$/, "")}.`;
  }
}

class TreeReader {
  readonly #source: Source;
  /** Anchors met so far; an anchor inside which we are is `"open"`. */
  readonly #anchors = new Map<string, Located | "open">();
  #expandedChars = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Reads `node`, whose key stands at `keyOffset`, at `path` of the file. */
  read(node: Node | null, keyOffset: number, path: readonly (string | number)[]): Located {
    if (isAlias(node)) return this.#readAlias(node.source, node.range?.[0] ?? keyOffset, keyOffset);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, "open");
    const located = this.#readContent(node, keyOffset, path);
    if (anchor !== undefined) this.#anchors.set(anchor, located);
    return located;
  }

  #readContent(node: Node | null, keyOffset: number, path: readonly (string | number)[]): Located {
    const offset = node?.range?.[0] ?? keyOffset;
    this.#grow(1, offset);
    const configType = this.#configType(node?.tag, offset, path);
    const inList = typeof path.at(-1) === "number";

    if (isMap(node)) {
      const value: TreeMap = Object.create(null);
      const parts = new Map<string, Place>();
      let expandedChars = 1;
      for (const pair of node.items) {
        const key = this.#readKey(pair.key, offset, path);
        if (key === null) continue;
        const first = parts.get(key.text);
        if (first !== undefined) {
          const { line } = this.#source.lineCounter.linePos(first.keyOffset);
          this.#source.report(key.offset, {
            code: "duplicate-key",
            path: pathText([...path, key.text]),
            value: key.text,
            message: `${pathText([...path, key.text])} is given twice, first in line ${line}.`,
          });
          continue;
        }
        const item = this.read(toNode(pair.value), key.offset, [...path, key.text]);
        value[key.text] = item.value;
        parts.set(key.text, item.place);
        expandedChars += key.text.length + item.expandedChars;
      }
      if (configType !== null) this.#setType(value, configType, offset, path);
      return { value, place: { offset, keyOffset, parts }, expandedChars };
    }

    if (isSeq(node)) {
      const value: Tree[] = [];
      const parts = new Map<number, Place>();
      let expandedChars = 1;
      for (const [index, child] of node.items.entries()) {
        const item = this.read(toNode(child), offset, [...path, index]);
        value.push(item.value);
        parts.set(index, item.place);
        expandedChars += item.expandedChars;
      }
      return { value, place: { offset, keyOffset, parts }, expandedChars };
    }

    const written = isScalar(node) && typeof node.value === "string" ? node.value : "";
    const isPlain = node === null || (isScalar(node) && (node.type === undefined || node.type === Scalar.PLAIN));
    // In a list every entry was written to be one, so `null` and `~` count as text there.
    const isNull = !inList && isPlain && node?.tag === undefined && /^(?:|~|null|Null|NULL)$/.test(written);
    this.#grow(written.length, offset);
    const place = { offset, keyOffset, parts: noParts };
    if (configType !== null && written === "") {
      const value: TreeMap = Object.create(null);
      value["type"] = configType;
      return { value, place, expandedChars: 1 };
    }
    return { value: isNull ? null : written, place, expandedChars: 1 + written.length };
  }

  #readAlias(name: string, offset: number, keyOffset: number): Located {
    const target = this.#anchors.get(name);
    if (target === undefined || target === "open") {
      const fault = target === "open"
        ? "stands inside what it refers to"
        : "refers to an anchor that is not defined above";
      this.#source.report(offset, { code: "yaml", value: `*${name}`, message: `The alias *${name} ${fault}.` });
      throw new Unreadable();
    }
    this.#grow(target.expandedChars, offset);
    return { ...target, place: { offset, keyOffset, parts: target.place.parts } };
  }

  /** The text of a key, or `null` after reporting why there is none. */
  #readKey(
    key: unknown,
    mapOffset: number,
    path: readonly (string | number)[],
  ): { text: string; offset: number } | null {
    const offset = isScalar(key) || isMap(key) || isSeq(key) || isAlias(key) ? key.range?.[0] ?? mapOffset : mapOffset;
    const where = path.length === 0 ? "" : ` in ${pathText(path)}`;
    if (!isScalar(key) || typeof key.value !== "string" || (key.value === "" && key.type === Scalar.PLAIN)) {
      this.#source.report(offset, { code: "yaml", path: pathText(path), message: `A key${where} is not plain text.` });
      return null;
    }
    if (key.value === "<<" && key.type === Scalar.PLAIN) {
      const message =
        `The merge key <<${where} is not supported; write the fields out, or use an alias for a whole value.`;
      this.#source.report(offset, { code: "yaml", path: pathText(path), value: "<<", message });
      return null;
    }
    if (key.value === "__proto__") {
      this.#source.report(offset, {
        code: "yaml",
        path: pathText(path),
        message: `__proto__ cannot be a key${where}.`,
      });
      return null;
    }
    this.#grow(key.value.length, offset);
    return { text: key.value, offset };
  }

  /** The type that the tag of a task's config stands for; `null` without a tag of ours. Reports all other tags. */
  #configType(tag: string | undefined, offset: number, path: readonly (string | number)[]): string | null {
    if (tag === undefined || plainTags.has(tag)) return null;
    const isConfig = path.length === 3 && path[0] === "tasks" && path[2] === "config";
    const type = configTags.get(tag) ?? null;
    if (type !== null && isConfig) return type;
    const written = tag.startsWith(yamlTag) ? `!!${tag.slice(yamlTag.length)}` : tag;
    const near = suggestion(written, configTags.keys());
    this.#source.report(offset, {
      code: "unknown-tag",
      path: pathText(path),
      value: written,
      expected: allowedTags,
      message: type !== null
        ? `The tag ${written} belongs on a task's config, not on ${pathText(path) || "the file"}.`
        : `The tag ${written} is not known; allowed are ${allowedTags}, on a task's config.` +
          (near === null ? "" : ` Did you mean ${near}?`),
    });
    // A slip in the tag shall not hide what else is wrong with the config.
    return isConfig && near !== null ? configTags.get(near) ?? null : null;
  }

  #setType(config: TreeMap, type: string, offset: number, path: readonly (string | number)[]): void {
    const written = config["type"];
    if (written !== undefined && written !== type) {
      const message = `${pathText(path)} has a tag for the type ${type}, but says another type; keep one of them.`;
      this.#source.report(offset, {
        code: "invalid-value",
        path: pathText([...path, "type"]),
        expected: type,
        message,
      });
    }
    config["type"] = type;
  }

  /** Counts what the file becomes with its aliases written out. */
  #grow(chars: number, offset: number): void {
    this.#expandedChars += chars;
    if (this.#expandedChars <= fileLimits.maxExpandedChars) return;
    const message = `With its aliases written out the file has more than ${fileLimits.maxExpandedChars} characters.`;
    this.#source.report(offset, { code: "limit", message });
    throw new Unreadable();
  }
}

/** What a collection of `yaml` holds, typed. */
function toNode(value: unknown): Node | null {
  return isAlias(value) || isScalar(value) || isMap(value) || isSeq(value) ? value : null;
}
