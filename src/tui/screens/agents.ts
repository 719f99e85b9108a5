/** The agents: how each is, what it can take, what it has. The runs of the one under the cursor are listed below. */
import { counted, type Run } from "../../core/mod.ts";
import { box, filledTo, type Line, printable, type Size, span } from "../../paint/mod.ts";
import {
  type AgentRow,
  agentRows,
  AgentTimeout,
  type Health,
  healthCounts,
  healthSpans,
  type ListedAgent,
  slotsOf,
} from "../agent_health.ts";
import type { InputEvent } from "../input.ts";
import { List } from "../list.ts";
import { sentence, slotsBar } from "../overview_boxes.ts";
import { runActions } from "../run_actions.ts";
import { RunList } from "../run_list.ts";
import type { Action, Screen, Shell } from "../screen.ts";
import { absence, ageText, asOf, isFresh, lastKnownRuns } from "../told.ts";
import { briefId, briefSpan, stateSpans, timeText, tookText } from "../words.ts";

/** A run an agent has; only its id is known until it was asked for. */
interface HeldRun {
  readonly runId: string;
  readonly run: Run | null;
}

const slotsBarWidth = 8;
const starts = [
  "No agent is there: what is triggered waits.",
  "Start one on any machine that reaches the principal:",
  "    CDKTR_PRINCIPAL_HOST=<this host> cdktr start agent",
];

/** See the top of this file. */
export class AgentsScreen implements Screen {
  readonly route = { screen: "agents" } as const;
  readonly title = "Agents";
  readonly #shell: Shell;
  readonly #agents: List<AgentRow>;
  readonly #held: List<HeldRun>;
  readonly #runs: RunList;
  readonly #timeout: AgentTimeout;
  #workflowOf = new Map<string, Run>();
  #known: readonly Run[] | null = null;
  #rows: readonly AgentRow[] = [];
  #isBelow = false;
  #belowTop = 0;

  constructor(shell: Shell) {
    this.#shell = shell;
    this.#timeout = new AgentTimeout(shell);
    const filter = { states: ["ASSIGNED", "RUNNING"], words: "", problem: null } as const;
    this.#runs = new RunList(shell, filter, () => shell.changed());
    this.#agents = this.#agentList();
    this.#held = this.#heldList();
  }

  get isTyping(): boolean {
    return this.#list.isTyping;
  }

  draw({ width, height }: Size): Line[] {
    this.#takeNews();
    const { session } = this.#shell;
    if (session.status === null) return sentence(` ${absence(this.#shell)}`, width, "faint");
    if (session.status.agents.length === 0) {
      this.#belowTop = height;
      return [[], ...starts.map((text): Line => [span(`  ${text}`, text.startsWith("No") ? "warn" : "plain")])];
    }
    const below = height < 14 ? 0 : Math.min(Math.max(Math.floor(height * 0.4), 7), this.#held.total + 7);
    const rows = height - below - 1;
    const list = this.#agents.draw({ width, height: rows }, { isFocused: !this.#isBelow });
    const lines: Line[] = [this.#summary(), ...filledTo(list, rows)];
    this.#belowTop = lines.length;
    return below === 0 ? lines : [...lines, ...this.#details({ width, height: below })];
  }

  drawPrompt(width: number): Line | null {
    return this.#list.drawFilter(width);
  }

  actions(): Action[] {
    this.#takeNews(); // Several keys come before the next frame: the runs are those of the agent that is chosen by now.
    const shell = this.#shell;
    const held = this.#held.current;
    if (held === undefined) return [];
    const open = () => shell.open({ screen: "run", run: held.runId });
    if (!this.#isBelow) {
      const isOnly = this.#held.total === 1;
      return [
        {
          keys: ["enter", "o", "right"],
          title: isOnly ? "open its run" : "its runs",
          run: isOnly ? open : this.#go(true),
        },
        { keys: ["tab"], title: "its runs", isHinted: isOnly, run: this.#go(true) },
      ];
    }
    return [
      { keys: ["enter", "o", "right"], title: "open", run: open },
      { keys: ["l"], title: "logs", run: () => shell.open({ screen: "logs", run: held.runId }) },
      ...held.run === null ? [] : runActions(shell, [held.run]),
      { keys: ["tab", "shift-tab"], title: "agents", run: this.#go(false) },
    ];
  }

  onKey(key: string): boolean {
    if (this.#list.onKey(key)) return true;
    if (key !== "esc" || !this.#isBelow) return false;
    this.#isBelow = false;
    return true;
  }

  onPaste(text: string): void {
    this.#list.onPaste(text);
  }

  onMouse({ kind, row }: InputEvent & { type: "mouse" }): void {
    this.#isBelow = row >= this.#belowTop && this.#held.total > 0;
    const detailRows = 3;
    this.#list.onMouse(kind, this.#isBelow ? row - this.#belowTop - detailRows : row - 1);
  }

  reload(): void {
    this.#runs.reload();
  }

  close(): void {
    this.#runs.close();
    this.#timeout.close();
  }

  get #list(): List<AgentRow> | List<HeldRun> {
    return this.#isBelow ? this.#held : this.#agents;
  }

  #go(isBelow: boolean): () => void {
    return () => {
      this.#isBelow = isBelow;
      this.#shell.changed();
    };
  }

  #takeNews(): void {
    const { rows } = lastKnownRuns(this.#shell, "running", this.#runs);
    if (rows !== this.#known) {
      this.#known = rows;
      this.#workflowOf = new Map(rows.map((run) => [run.runId, run]));
    }
    this.#agents.rows = this.#rows = agentRows(this.#shell, this.#timeout.ms);
    const running = this.#agents.current?.agent.running ?? [];
    this.#held.rows = running.map((runId) => ({ runId, run: this.#workflowOf.get(runId) ?? null }));
    if (running.length === 0) this.#isBelow = false;
  }

  #summary(): Line {
    const { used, total } = slotsOf(this.#rows);
    const isFull = total > 0 && used >= total;
    const words = isFull ? "every slot is taken: what is triggered waits" : `${counted(total - used, "slot")} free`;
    const slots = `${used} of ${counted(total, "slot")} in use, `;
    if (!isFresh(this.#shell)) {
      return [span(` ${asOf(this.#shell)}: ${counted(this.#rows.length, "agent")}, ${slots}${words}`, "faint")];
    }
    return [
      span(" "),
      ...healthCounts(this.#rows.map(({ health }) => health)),
      span(slots),
      span(words, used >= total ? "warn" : "plain"),
    ];
  }

  #agentList(): List<AgentRow> {
    const { glyphs } = this.#shell;
    return new List<AgentRow>({
      glyphs,
      keyOf: ({ agent }) => `${agent.agentId} ${agent.session ?? ""}`,
      textOf: ({ agent, health, name }) => `${name} ${agent.labels.join(" ")} ${health.state}`,
      whenEmpty: () => "No agent matches the filter; Esc takes it away.",
      columns: [
        { heading: "AGENT", width: 14, grow: 2, cell: ({ name }) => [span(printable(name), "strong")] },
        { heading: "HEALTH", width: 15, cell: ({ health }) => healthSpans(health, glyphs) },
        { heading: "SLOTS", width: slotsBarWidth + 6, cell: ({ agent }) => this.#slots(agent) },
        {
          heading: "HEARD",
          width: 7,
          align: "right",
          cell: ({ health }) => [span(isFresh(this.#shell) ? ageText(health.silentMs) : "-", "faint")],
        },
        { heading: "VERSION", width: 8, fromWidth: 108, cell: ({ agent }) => [span(versionOf(agent), "faint")] },
        {
          heading: "LABELS",
          width: 8,
          grow: 1,
          fromWidth: 92,
          cell: ({ agent }) => [span(printable(agent.labels.join(", ")) || "-", "faint")],
        },
        { heading: "RUNS", width: 8, grow: 3, cell: ({ agent }) => this.#running(agent) },
      ],
    });
  }

  #heldList(): List<HeldRun> {
    const { glyphs } = this.#shell;
    return new List<HeldRun>({
      glyphs,
      keyOf: ({ runId }) => runId,
      textOf: ({ runId, run }) => `${runId} ${run?.workflowId ?? ""}`,
      whenEmpty: () => "It has no run.",
      columns: [
        { heading: "RUN", width: 18, cell: ({ runId }) => [span(briefId(runId), "faint")] },
        {
          heading: "WORKFLOW",
          width: 14,
          grow: 1,
          cell: ({ run }) => [span(printable(run?.workflowId ?? "not known"), "strong")],
        },
        {
          heading: "STATE",
          width: 16,
          cell: ({ run }) => run === null ? [span("not known", "faint")] : stateSpans(run.state, glyphs, run.paused),
        },
        {
          heading: "TOOK",
          width: 7,
          align: "right",
          cell: ({ run }) => [span(run === null ? "" : tookText(run, this.#shell.session.nowMs()))],
        },
        {
          heading: "ATTEMPT",
          width: 7,
          align: "right",
          fromWidth: 70,
          cell: ({ run }) => [span(`${run?.attempt ?? ""}`)],
        },
      ],
    });
  }

  #slots({ slots, running }: ListedAgent): Line {
    if (slots === null) return [span(counted(running.length, "run"))];
    const { glyphs } = this.#shell;
    return [...slotsBar(running.length, slots, slotsBarWidth, glyphs), span(` ${running.length}/${slots}`)];
  }

  /** What it runs: workflows by name where they are known, with their number where it is more than one. */
  #running({ running }: ListedAgent): Line {
    const counts = new Map<string, number>();
    for (const runId of running) {
      const name = this.#workflowOf.get(runId)?.workflowId ?? briefId(runId);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    if (counts.size === 0) return [span("-", "faint")];
    const names = [...counts].map(([name, count]) => count === 1 ? name : `${name} x${count}`);
    return [span(printable(names.join(", ")))];
  }

  #details(size: Size): Line[] {
    const row = this.#agents.current;
    const inner = { width: size.width - 2, height: size.height - 2 };
    if (row === undefined) return box([], size, this.#shell.glyphs);
    const { agent, health, name } = row;
    const facts: Line[] = [
      [span(" "), ...healthSpans(health, this.#shell.glyphs), span(`  ${this.#healthWords(agent, health)}`)],
      [span(` ${agentWords(agent)}`, "faint")],
    ];
    const list = this.#held.draw({ width: inner.width, height: inner.height - facts.length }, {
      isFocused: this.#isBelow,
    });
    return box([...facts, ...list], size, this.#shell.glyphs, {
      title: [span(printable(name), "title")],
      role: this.#isBelow ? "accent" : health.state === "lost" ? "bad" : "faint",
    });
  }

  #healthWords({ lastSeenMs }: ListedAgent, { state, silentMs }: Health): string {
    const timeout = briefSpan(this.#timeout.ms).replace(/\.0s$/, "s");
    switch (state) {
      case "ok":
        return silentMs < 1000 ? "heard of just now" : `heard of ${briefSpan(silentMs)} ago`;
      case "silent":
        return `its heartbeat is late; after ${timeout} its runs count as crashed`;
      case "lost":
        return `silent for ${briefSpan(silentMs)}: the principal waits for ${timeout}`;
      case "unheard":
        return `not heard since the principal's restart; after ${timeout} its runs count as crashed`;
      case "unknown":
        return `while the principal is away; last heard of at ${timeText(lastSeenMs)}`;
    }
  }
}

/** An original agent tells neither a session nor its places. */
function versionOf({ version, session }: ListedAgent): string {
  return session === null ? "original" : printable(version ?? "?");
}

function agentWords(agent: ListedAgent): string {
  const { session, slots, labels } = agent;
  if (session === null) return "An agent of the original cdktr: it tells no slots, labels or version.";
  const places = slots === null ? "slots not told" : counted(slots, "slot");
  const can = labels.length === 0 ? "no labels" : `labels ${labels.join(", ")}`;
  return printable(`version ${agent.version ?? "not told"}, ${places}, ${can}`);
}
