/** The interface on a principal that says what the test has it say, on a clock that stands still: each frame is the same. */
import { PrincipalClient, type PrincipalLink } from "../../src/client/mod.ts";
import { systemRandom } from "../../src/clock/mod.ts";
import { CdktrError, type Run } from "../../src/core/mod.ts";
import {
  asciiGlyphs,
  displayWidth,
  inAscii,
  type Line,
  type Size,
  textOf,
  unicodeGlyphs,
} from "../../src/paint/mod.ts";
import type { Route } from "../../src/tui/screen.ts";
import { Session } from "../../src/tui/session.ts";
import { Ui } from "../../src/tui/ui.ts";
import {
  encodeVerbError,
  encodeVerbReply,
  isVerb,
  parseVerbRequest,
  type ReplyTo,
  type Verb,
  verbs,
  type WorkflowSummary,
} from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";

/** 2026-03-01T12:00:00Z, a Sunday. */
export const noonMs = Date.UTC(2026, 2, 1, 12);
const secondMs = 1000;

/** What the principal says. */
export interface Script {
  status?: Partial<ReplyTo<"STATUS">>;
  workflows?: readonly WorkflowSummary[];
  workflowProblems?: readonly string[];
  runs?: readonly Run[];
  /** Answers to SQL; the screens read the columns by place. */
  sql?: (query: string) => readonly (readonly unknown[])[];
  /** What it says besides, by verb. */
  answers?: { readonly [V in Verb]?: ReplyTo<V> };
  /** The principal's clock. @default that of the test */
  nowMs?: number;
  /** The answers of a verb leave when this has resolved; they are of before. */
  hold?: (verb: string, request: string) => Promise<void> | undefined;
  /** Where a page of runs ends: there are older ones. @default there are none */
  runsCursor?: string;
  /** What is different about the screen. */
  route?: Route;
  size?: Size;
  isAscii?: boolean;
  isReadOnly?: boolean;
}

/** A workflow of the script. */
export function summary(id: string, more: Partial<WorkflowSummary> = {}): WorkflowSummary {
  return {
    ...{ id, name: id, description: null, path: `workflows/${id}.yml`, cron: null, timezone: "UTC", startTime: null },
    ...{ taskCount: 1, nextFireMs: null, catchup: 0, watermarkMs: null, params: {} },
    ...more,
  };
}

/** A run of the script. @param ageMs When it was triggered, before noon. */
export function runOf(
  number: number,
  workflowId: string,
  state: Run["state"],
  ageMs: number,
  more: Partial<Run> = {},
): Run {
  const isEnded = !["PENDING", "ASSIGNED", "RUNNING"].includes(state);
  return {
    runId: `0198c7a2-0000-7000-8000-${String(number).padStart(12, "0")}`,
    ...{ workflowId, workflowName: workflowId, definitionHash: "d", trigger: "cron", params: {}, priority: 0 },
    ...{ overlap: "allow", onCrash: "fail", idempotencyKey: null, dueMs: null, requires: [], state, attempt: 1 },
    ...{ agentId: "ada@lab", session: "s", instanceId: null, cancelReason: null, cancelTasks: [], paused: false },
    ...{ crashRetries: 0, reason: null, triggeredAtMs: noonMs - ageMs, assignedAtMs: noonMs - ageMs },
    startedAtMs: state === "PENDING" || state === "ASSIGNED" ? null : noonMs - ageMs,
    finishedAtMs: isEnded ? noonMs - ageMs + 30 * secondMs : null,
    ...more,
  };
}

/** An agent of the script. @param silentMs Since when nothing was heard of it. */
export function agentOf(
  agentId: string,
  silentMs: number,
  more: Partial<ReplyTo<"STATUS">["agents"][number]> = {},
): ReplyTo<"STATUS">["agents"][number] {
  const lastSeenMs = noonMs - silentMs;
  return {
    agentId,
    session: "s",
    version: "0.1.0",
    lastSeenMs,
    slots: 4,
    stopping: false,
    labels: [],
    running: [],
    ...more,
  };
}

/** See the top of this file. */
export class Scripted implements AsyncDisposable {
  readonly clock = new FakeClock(noonMs);
  readonly ui: Ui;
  /** What was asked, with the request's JSON. */
  readonly asked: { readonly verb: string; readonly request: string }[] = [];
  #size: Size;
  readonly #script: Script;
  #news: { runs: Run[]; tell: () => void } = { runs: [], tell: () => {} };
  #seq = 1;
  #isAway = false;
  #isReset = false;

  private constructor(script: Script) {
    this.#script = script;
    this.#size = script.size ?? { width: 100, height: 30 };
    const options = { clock: this.clock, random: systemRandom, version: "1", role: "ui", timeoutMs: 5000 };
    const open = () => {
      const client = PrincipalClient.overLink(this.#link(), options);
      return new Session({ client, clock: this.clock, name: "lab", pollMs: 1000 });
    };
    const context = { name: "lab", open };
    this.ui = new Ui({
      ...{
        contexts: [context],
        context: context.name,
        route: script.route ?? { screen: "overview" },
        clock: this.clock,
      },
      ...{ glyphs: script.isAscii === true ? asciiGlyphs : unicodeGlyphs, size: this.#size },
      isReadOnly: script.isReadOnly ?? false,
      ...{ saveFile: () => Promise.resolve(""), onQuit: () => {} },
    });
  }

  /** Opens the interface and lets it ask all it asks. */
  static async open(script: Script): Promise<Scripted> {
    const scripted = new Scripted(script);
    await scripted.clock.pass(300, 50);
    // The time it took is put back: what is shown is noon.
    scripted.clock.setWallBy(-300);
    scripted.ui.frame();
    return scripted;
  }

  /** The frame as text. */
  get frame(): string {
    this.ui.resize(this.#size);
    const text = this.#script.isAscii === true ? (line: Line) => inAscii(textOf(line)) : textOf;
    return this.ui.frame().map((line) => text(line).trimEnd()).join("\n");
  }

  /** The terminal has another size. */
  set size(size: Size) {
    this.#size = size;
    this.ui.resize(size);
  }

  /** Presses keys, by the names of input.ts. */
  press(...keys: readonly string[]): void {
    this.ui.take(keys.map((key) => ({ type: "key", key })));
  }

  /** Presses the mouse on the first cell of `text`, or `columns` beside it. */
  click(text: string, columns = 0): void {
    const rows = this.frame.split("\n");
    const row = rows.findIndex((line) => line.includes(text));
    if (row < 0) throw new Error(`nowhere: ${text}`);
    const column = displayWidth(rows[row]?.slice(0, rows[row]?.indexOf(text)) ?? "") + columns;
    this.ui.take([{ type: "mouse", kind: "press", column, row }]);
  }

  /** Tells of runs that changed, as a principal does by itself. */
  async tell(runs: readonly Run[]): Promise<void> {
    this.#news.runs.push(...runs);
    this.#news.tell();
    await this.clock.pass(300, 50);
    this.clock.setWallBy(-300);
  }

  /** Tells that all may have changed. */
  async reset(): Promise<void> {
    this.#isReset = true;
    await this.tell([]);
  }

  /** The principal goes away. */
  async lose(): Promise<void> {
    this.#isAway = true;
    await this.tell([]);
  }

  /** The principal turns out to be one of the original, which tells nothing of itself. */
  becomeOriginal(): void {
    const configurable = true;
    Object.defineProperties(this.ui.session, {
      ...{ dialect: { value: "original", configurable }, status: { value: null, configurable } },
    });
  }

  /** One of ours has taken the place of the original. */
  becomeOurs(): void {
    Object.defineProperty(this.ui.session, "dialect", { value: "cdktr" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ui.close();
  }

  get #status(): ReplyTo<"STATUS"> {
    return {
      ...{ version: "1", startedAtMs: 0, queueLength: 0, queueHeadAgeMs: null, runs: {}, agents: [], problems: [] },
      workflowCount: this.#script.workflows?.length ?? 0,
      history: { state: "ok", reason: null, eventsBehind: 0 },
      ...this.#script.status,
    };
  }

  #link(): PrincipalLink {
    return {
      address: "here",
      request: async (body, { signal }) => {
        if (this.#isAway) throw new CdktrError("UNREACHABLE", "It does not answer.");
        const [verb = "", argument] = new TextDecoder().decode(body).split("\x01");
        try {
          const answer = await this.#answer(verb, argument, signal);
          await this.#script.hold?.(verb, argument ?? "");
          return answer;
        } catch (error) {
          if (signal?.aborted) throw error;
          return encodeVerbError(error);
        }
      },
      tryPushLog: () => true,
      pushLog: () => Promise.resolve(),
      subscribeLogs: () => () => {},
      close: () => Promise.resolve(),
    };
  }

  async #answer(verb: string, argument: string | undefined, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { workflows = [], workflowProblems = [], runs = [], sql = () => [], answers = {} } = this.#script;
    const known = isVerb(verb) ? verb : null;
    this.asked.push({ verb, request: argument ?? "" });
    const said = known === null ? undefined : answers[known];
    if (known !== null && said !== undefined) return encodeVerbReply(known, said);
    switch (known) {
      case "HELLO":
        return encodeVerbReply("HELLO", {
          ...{ product: "cdktr", version: "1", protocol: 1, verbs: Object.keys(verbs), agentTimeoutMs: 30_000 },
        });
      case "CHANGES": {
        const { afterSeq } = parseVerbRequest("CHANGES", argument);
        if (afterSeq !== null && this.#news.runs.length === 0) {
          await new Promise<void>((resolve, reject) => {
            this.#news.tell = resolve;
            signal?.addEventListener("abort", () => reject(signal.reason));
          });
        }
        const told = this.#news.runs.splice(0);
        const isReset = afterSeq === null || this.#isReset;
        this.#isReset = false;
        return encodeVerbReply("CHANGES", {
          ...{ seq: this.#seq++, isReset, mayHaveMore: false, runs: told, status: this.#status },
          nowMs: this.#script.nowMs ?? this.clock.nowMs(),
        });
      }
      case "WORKFLOWS": {
        const { knownRevision } = parseVerbRequest("WORKFLOWS", argument);
        if (knownRevision !== null) {
          await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
        }
        return encodeVerbReply("WORKFLOWS", {
          ...{ revision: 1, workflows: [...workflows], problems: [...workflowProblems] },
        });
      }
      case "RUNS": {
        const { states } = parseVerbRequest("RUNS", argument);
        const found = runs.filter(({ state }) => states === undefined || states.includes(state));
        return encodeVerbReply("RUNS", {
          runs: found.sort((a, b) => a.runId < b.runId ? 1 : -1),
          cursor: this.#script.runsCursor ?? null,
        });
      }
      case "SQL": {
        const { query } = parseVerbRequest("SQL", argument);
        const rows = sql(query).map((row) => [...row]);
        return encodeVerbReply("SQL", { columns: [], rows, truncated: false, parquet: null });
      }
      default:
        throw new CdktrError("UNSUPPORTED", `The script has no ${verb}.`);
    }
  }
}
