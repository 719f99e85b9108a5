/**
 * Patterns that a whole value must match, in time that is linear in its length.
 *
 * JavaScript's own matcher tries one way after the other, so `(a+)+` against thirty `a` and a `b` keeps it busy for
 * minutes, and with it the whole process. This one follows all ways at once (Thompson, "Regular Expression Search
 * Algorithm", CACM 1968). The syntax is JavaScript's with the flag `u`, and JavaScript judges it, without what cannot be
 * matched this way: references back, and looking ahead or behind.
 */

import { CdktrError, messageOf } from "../core/mod.ts";
import { fileLimits } from "./limits.ts";

/** A part of a pattern. */
type Part =
  | { readonly kind: "character"; readonly accepts: (character: string) => boolean }
  | { readonly kind: "start" | "end" }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly Part[] }
  | { readonly kind: "repeat"; readonly part: Part; readonly min: number; readonly max: number };

/** A step of a compiled pattern: takes a character, or goes on elsewhere without. */
type Step =
  | { readonly kind: "character"; readonly accepts: (character: string) => boolean }
  | { readonly kind: "start" | "end" | "done" }
  | { readonly kind: "go"; to: number[] };

/** One character of a pattern: an escape, a class, or itself. */
const atom =
  /\\u\{[\da-f]+\}|\\u[d][89ab][\da-f]{2}\\u[d][c-f][\da-f]{2}|\\u[\da-f]{4}|\\x[\da-f]{2}|\\c[a-z]|\\p\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]|./isuy;
const quantifier = /(?:([*+?])|\{(\d+)(,)?(\d*)\})\??/y;
const groupStart = /\((?:\?:|\?<[^=!>][^>]*>|(?!\?))/y;
const unmatchable = /^\\(?:[1-9bBk])/;

/** A compiled pattern. */
export class Pattern {
  readonly #steps: Step[] = [];

  /** @throws {CdktrError} INVALID_WORKFLOW, when it is no pattern or cannot be matched in linear time. */
  constructor(pattern: string) {
    const refuse = (why: string) => new CdktrError("INVALID_WORKFLOW", why);
    if (pattern.length > fileLimits.maxMatchedChars) {
      throw refuse(`it has more than ${fileLimits.maxMatchedChars} characters`);
    }
    try {
      new RegExp(pattern, "u");
    } catch (error) {
      throw refuse(messageOf(error).replace(/^Invalid regular expression: .*: /s, "").toLowerCase());
    }
    this.#compile(new PatternReader(pattern).read());
    this.#add({ kind: "done" });
  }

  /** Whether all of `value` matches. */
  matches(value: string): boolean {
    const characters = [...value];
    const seenAt = new Int32Array(this.#steps.length).fill(-1);
    let current: number[] = [];
    /** Adds the step `from` and all that is reached from it without a character. */
    const follow = (from: number, into: number[], position: number) => {
      const open = [from];
      for (let index = open.pop(); index !== undefined; index = open.pop()) {
        if (seenAt[index] === position) continue;
        seenAt[index] = position;
        const step = this.#steps[index];
        if (step === undefined) continue;
        if (step.kind === "go") open.push(...step.to);
        else if (step.kind === "character" || step.kind === "done") into.push(index);
        else if (position === (step.kind === "start" ? 0 : characters.length)) open.push(index + 1);
      }
    };
    follow(0, current, 0);
    for (const [position, character] of characters.entries()) {
      if (current.length === 0) return false;
      const next: number[] = [];
      for (const index of current) {
        const step = this.#steps[index];
        if (step?.kind === "character" && step.accepts(character)) follow(index + 1, next, position + 1);
      }
      current = next;
    }
    return current.some((index) => this.#steps[index]?.kind === "done");
  }

  #add<Added extends Step>(step: Added): Added {
    if (this.#steps.length >= fileLimits.maxPatternSteps) {
      throw new CdktrError(
        "INVALID_WORKFLOW",
        `with its repetitions written out it has more than ${fileLimits.maxPatternSteps} steps`,
      );
    }
    this.#steps.push(step);
    return step;
  }

  #go(...to: number[]) {
    return this.#add({ kind: "go" as const, to });
  }

  /** Appends the steps of a part; whoever leaves them goes on with the step after the last. */
  #compile(part: Part): void {
    switch (part.kind) {
      case "character":
      case "start":
      case "end":
        this.#add(part);
        return;
      case "sequence":
        for (const inner of part.parts) this.#compile(inner);
        return;
      case "choice": {
        const fork = this.#go();
        const exits = part.parts.map((option) => {
          fork.to.push(this.#steps.length);
          this.#compile(option);
          return this.#go();
        });
        for (const exit of exits) exit.to.push(this.#steps.length);
        return;
      }
      case "repeat": {
        for (let count = 0; count < part.min; count++) {
          const before = this.#steps.length;
          this.#compile(part.part);
          if (this.#steps.length === before) break; // Nothing, however often.
        }
        if (part.max === Infinity) {
          const fork = this.#go(this.#steps.length + 1);
          const again = this.#steps.length - 1;
          this.#compile(part.part);
          this.#go(again);
          fork.to.push(this.#steps.length);
          return;
        }
        const exits = [];
        for (let count = part.min; count < part.max; count++) {
          exits.push(this.#go(this.#steps.length + 1));
          this.#compile(part.part);
        }
        for (const exit of exits) exit.to.push(this.#steps.length);
        return;
      }
      default:
        part satisfies never;
    }
  }
}

/** Reads the parts of a pattern that JavaScript accepts. */
class PatternReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** What stands up to the end of the pattern, or of the group around. */
  read(): Part {
    const options: Part[] = [];
    let parts: Part[] = [];
    while (this.#at < this.#text.length && this.#text[this.#at] !== ")") {
      if (this.#text[this.#at] === "|") {
        this.#at++;
        options.push({ kind: "sequence", parts });
        parts = [];
      } else {
        parts.push(this.#repeated(this.#single()));
      }
    }
    const last: Part = { kind: "sequence", parts };
    return options.length === 0 ? last : { kind: "choice", parts: [...options, last] };
  }

  #single(): Part {
    if (this.#take(groupStart) !== null) {
      const group = this.read();
      this.#at++; // The closing parenthesis; JavaScript has seen to it that there is one.
      return group;
    }
    const token = this.#take(atom)?.[0] ?? "";
    if (token === "^") return { kind: "start" };
    if (token === "$") return { kind: "end" };
    if (token === "(" || unmatchable.test(token)) {
      const what = token === "(" ? "(?" : token;
      throw new CdktrError("INVALID_WORKFLOW", `${what} cannot be used here: no references and no looking around`);
    }
    if (token !== "." && !/^[\\[]/.test(token)) {
      return { kind: "character", accepts: (character) => character === token };
    }
    const single = new RegExp(`^${token}$`, "u");
    return { kind: "character", accepts: (character) => single.test(character) };
  }

  #repeated(part: Part): Part {
    const match = this.#take(quantifier);
    if (match === null) return part;
    const [, sign, least = "0", comma, most = ""] = match;
    if (sign !== undefined) {
      return { kind: "repeat", part, min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity };
    }
    const min = Number(least);
    return { kind: "repeat", part, min, max: comma === undefined ? min : most === "" ? Infinity : Number(most) };
  }

  /** Takes what `expression` matches here, if it does. */
  #take(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }
}
