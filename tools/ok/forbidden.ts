/** What code must not reach for: time and randomness that tests cannot steer, output past the CLI, ways round the compiler. */
import ts from "typescript";
import { commentsOf } from "./comments.ts";
import type { Finding } from "./finding.ts";
import { lineOf, type Module } from "./module.ts";

interface Ban {
  readonly rule: string;
  readonly appliesTo: (path: string) => boolean;
  /** Globals and their members, as written without `globalThis.`. */
  readonly names: readonly string[];
  /** Modules that must not be imported, or names that must not be imported from them. */
  readonly imports: Readonly<Record<string, "all" | readonly string[]>>;
  readonly instead: string;
}

const isProduct = (path: string) => path === "main.ts" || path.startsWith("src/");

const bans: readonly Ban[] = [
  {
    rule: "time",
    appliesTo: (path) => isProduct(path) && !path.startsWith("src/clock/"),
    names: [
      "Date.now",
      "performance.now",
      "performance.timeOrigin",
      "process.hrtime",
      "Temporal.Now",
      "setTimeout",
      "setInterval",
      "AbortSignal.timeout",
    ],
    imports: { "node:timers": "all", "node:timers/promises": "all", "node:perf_hooks": "all" },
    instead: "take a Clock (src/clock/mod.ts), so that tests and the simulation decide the time",
  },
  {
    rule: "randomness",
    appliesTo: (path) => isProduct(path) && !path.startsWith("src/clock/"),
    names: ["Math.random", "crypto.randomUUID", "crypto.getRandomValues"],
    imports: {
      "node:crypto": [
        "default",
        "*",
        "randomBytes",
        "randomFill",
        "randomFillSync",
        "randomInt",
        "randomUUID",
        "getRandomValues",
      ],
    },
    instead: "take a Random (src/clock/mod.ts), so that tests and the simulation decide it",
  },
  {
    rule: "console",
    appliesTo: (path) => isProduct(path) && !path.startsWith("src/cli/"),
    names: ["console"],
    imports: { "node:console": "all" },
    instead: "only src/cli speaks to the terminal; return the text, or log through @logtape/logtape",
  },
  {
    rule: "exit",
    appliesTo: (path) => path.startsWith("src/") && !path.startsWith("src/cli/"),
    names: ["Deno.exit", "process.exit"],
    imports: {},
    instead: "only main.ts and src/cli end the process; throw a CdktrError",
  },
  {
    rule: "eval",
    appliesTo: () => true,
    names: ["eval", "Function"],
    imports: { "node:vm": "all" },
    instead: "code made from text escapes the compiler and the permissions",
  },
];

/** Comments that silence the compiler. `@ts-expect-error` is none of them: it fails as soon as it is not needed. */
const silencer = /@ts-(?:ignore|nocheck)\b/;

/** Checks what one file uses. Only what is read as a value counts: `ReturnType<typeof setTimeout>` and `socket.setTimeout()` are fine. */
export function checkForbidden({ path, tree, imports }: Module): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, rule: string, sentence: string) => findings.push({ path, line, rule, sentence });
  const active = bans.filter((ban) => ban.appliesTo(path));

  for (const { specifier, names, line } of imports) {
    for (const { rule, imports: banned, instead } of active) {
      const forbidden = banned[specifier];
      if (forbidden === undefined) continue;
      if (forbidden === "all") report(line, rule, `${specifier} is not used here: ${instead}`);
      else {
        for (const { imported } of names) {
          if (forbidden.includes(imported)) {
            report(line, rule, `${imported} of ${specifier} is not used here: ${instead}`);
          }
        }
      }
    }
  }

  const visit = (node: ts.Node): void => {
    const name = globalName(node);
    const ban = name === null ? undefined : active.find((candidate) => candidate.names.includes(name));
    if (ban !== undefined) report(lineOf(tree, node), ban.rule, `${name} is not used here: ${ban.instead}`);
    const time = readsDate(node) ? active.find((candidate) => candidate.rule === "time") : undefined;
    if (time !== undefined) {
      report(lineOf(tree, node), "time", `Date without arguments reads the clock: ${time.instead}`);
    }
    if (
      (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) && node.type.kind === ts.SyntaxKind.AnyKeyword
    ) {
      report(lineOf(tree, node), "any", "a cast to any switches the compiler off; parse the value with a schema");
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);

  for (const { text, start } of commentsOf(tree)) {
    if (!silencer.test(text)) continue;
    const line = tree.getLineAndCharacterOfPosition(start).line + 1;
    report(
      line,
      "silenced",
      "the compiler is not silenced here: mend the type, or write @ts-expect-error with the reason",
    );
  }
  return findings;
}

/** `Date.now` for a node that reads it as a value, however it is reached; null for every other node. */
function globalName(node: ts.Node): string | null {
  if (ts.isIdentifier(node)) return isValueUse(node) ? node.text : null;
  const written = dottedName(node);
  return written?.replace(/^(?:globalThis|self|window)\./, "") ?? null;
}

function dottedName(node: ts.Node): string | null {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) {
    const object = dottedName(node.expression);
    return object === null ? null : `${object}.${node.name.text}`;
  }
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    const object = dottedName(node.expression);
    return object === null ? null : `${object}.${node.argumentExpression.text}`;
  }
  return null;
}

/** Whether an identifier reads a variable: not a name being declared, not a member's name, not part of a type. */
function isValueUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if ("name" in parent && parent.name === node) return false;
  if ("propertyName" in parent && parent.propertyName === node) return false;
  if ("label" in parent && parent.label === node) return false;
  return !ts.isTypeNode(parent) && !ts.isQualifiedName(parent);
}

/** `new Date()` and `Date()`. */
function readsDate(node: ts.Node): boolean {
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return false;
  const isDate = dottedName(node.expression)?.replace(/^globalThis\./, "") === "Date";
  return isDate && (ts.isCallExpression(node) || (node.arguments?.length ?? 0) === 0);
}
