/** Faults as somebody could make them, planted by standing in for a part of the product: the simulation has to find each. */
import type { PrincipalLink } from "../../src/client/mod.ts";
import { RunQueue } from "../../src/core/queue.ts";
import type { Run } from "../../src/core/mod.ts";
import type { LogRow, Mark } from "../../src/history/mod.ts";
import type { Journal } from "../../src/journal/mod.ts";
import { Agents } from "../../src/principal/agents.ts";
import { type Principal } from "../../src/principal/mod.ts";
import {
  encodeVerbReply,
  encodeVerbRequest,
  parseVerbReply,
  parseVerbRequest,
  type RequestOf,
  type Verb,
} from "../../src/wire/mod.ts";
import { HistoryModel } from "./history_model.ts";
import type { Plant } from "./plant.ts";

/** A planted fault, and the promise that it breaks. */
export interface PlantedFault {
  readonly plant: Plant;
  /** Any of these may be the first to be seen broken. */
  readonly breaks: readonly string[];
}

/** Every planted fault, by what it does wrong. */
export const plants: Readonly<Record<string, PlantedFault>> = {
  "a reply leaves before its commit": {
    plant: { journal: confirmingEarly },
    breaks: ["a reply rests on what is durable", "accepted triggers are kept"],
  },
  "a report of an old attempt counts for the present one": {
    plant: { principal: unfenced },
    breaks: ["an attempt ends with its tasks", "one live attempt", "what completed is not run again"],
  },
  "the heartbeat monitor counts the principal's own stalls": {
    plant: { install: () => patched(Agents.prototype, "forgive", () => {}) },
    breaks: ["a healthy agent is not given up"],
  },
  "log lines that come twice are stored twice": {
    plant: { history: (options) => new ForgetfulHistory(options) },
    breaks: ["log lines are in order, each once"],
  },
  "the outbox forgets reports when the connection is lost": {
    plant: { agentLink: (link) => forgetting(link, "REPORT", () => ({ ignored: 0 })) },
    breaks: ["nothing is stuck", "an attempt ends with its tasks", "an attempt runs once"],
  },
  "the spool forgets lines when the connection is lost": {
    plant: {
      agentLink: (link) =>
        forgetting(link, "LOG", ({ chunks }) => ({ chunks: chunks.map(() => ({ outcome: "stored", position: 0 })) })),
    },
    breaks: ["log lines are complete", "log gaps are told"],
  },
  "idempotency keys are forgotten in a restart": {
    plant: { journal: forgettingKeys },
    breaks: ["a key counts once"],
  },
  "the queue hands out the newest run first": {
    plant: { install: reverseQueue },
    breaks: ["runs are handed out in turn"],
  },
  "the scheduler triggers under another key after a restart": {
    plant: {
      schedulerLink: (link, process) =>
        rewriting(
          link,
          "RUN",
          (request) => ({ ...request, idempotencyKey: `${request.idempotencyKey}:${process.name}` }),
        ),
    },
    breaks: ["a due time counts once"],
  },
  "tasks that completed are run again in the next attempt": {
    plant: { agentLink: runningAgain },
    breaks: ["what completed is not run again"],
  },
};

/** A journal that confirms a batch and writes it later. */
function confirmingEarly(journal: Journal): Journal {
  let written = Promise.resolve();
  return standingIn(journal, {
    append: (batch) => {
      written = written.then(() => journal.append(batch));
      return Promise.resolve();
    },
  });
}

/** A journal that gives back no keys. */
function forgettingKeys(journal: Journal): Journal {
  return standingIn(journal, {
    recover: async () => {
      const { snapshot, snapshotSeq } = await journal.recover();
      return { snapshot: snapshot === null ? null : { ...snapshot, keys: [] }, snapshotSeq };
    },
    eventsAfter: async (seq, limit) => {
      const events = await journal.eventsAfter(seq, limit);
      return events.map(({ seq, event }) => ({
        seq,
        event: event.type === "run_triggered" ? { ...event, idempotencyKey: null } : event,
      }));
    },
  });
}

/** Takes every report for one about the present attempt, by its holder. */
function unfenced(principal: Principal): Pick<Principal, "answer" | "logs"> {
  const presentRun = async (runId: string): Promise<Run> => {
    const { body } = await principal.answer(
      [encodeVerbRequest("SHOWRUN", { run: runId })],
      new AbortController().signal,
    );
    return parseVerbReply("SHOWRUN", body).run;
  };
  return {
    get logs() {
      return principal.logs;
    },
    answer: async (frames, gone) => {
      const request = requestIn("REPORT", frames[0]);
      const [first] = request?.reports ?? [];
      if (request === null || first === undefined) return await principal.answer(frames, gone);
      const { attempt, session } = await presentRun(first.runId);
      const reports = request.reports.map((report) => report.runId === first.runId ? { ...report, attempt } : report);
      const changed = { ...request, session: session ?? request.session, reports };
      return await principal.answer([encodeVerbRequest("REPORT", changed)], gone);
    },
  };
}

/** Has the lines of a chunk stored, whether they were before or not. */
class ForgetfulHistory extends HistoryModel {
  override positionOf(stream: string): number {
    return stream.startsWith("log:") ? 0 : super.positionOf(stream);
  }

  override tryAppendLogs(rows: readonly LogRow[], mark: Mark): boolean {
    if (mark.position > super.positionOf(mark.stream)) return super.tryAppendLogs(rows, mark);
    this.appendLogs(rows);
    return true;
  }
}

/** A link that makes up a reply where none came. */
function forgetting<V extends Verb>(
  link: PrincipalLink,
  verb: V,
  reply: (request: RequestOf<V>) => Parameters<typeof encodeVerbReply<V>>[1],
): PrincipalLink {
  return standingIn(link, {
    request: async (body, options) => {
      const request = requestIn(verb, body);
      if (request === null) return await link.request(body, options);
      return await link.request(body, options).catch(() => encodeVerbReply(verb, reply(request)));
    },
  });
}

/** A link that changes requests of a verb. */
function rewriting<V extends Verb>(
  link: PrincipalLink,
  verb: V,
  change: (request: RequestOf<V>) => RequestOf<V>,
): PrincipalLink {
  return standingIn(link, {
    request: (body, options) => {
      const request = requestIn(verb, body);
      return link.request(request === null ? body : encodeVerbRequest(verb, change(request)), options);
    },
  });
}

/** A link that hides from an agent what earlier attempts completed. */
function runningAgain(link: PrincipalLink): PrincipalLink {
  return standingIn(link, {
    request: async (body, options) => {
      const reply = await link.request(body, options);
      if (requestIn("WORK", body) === null) return reply;
      const work = parseVerbReply("WORK", reply);
      return encodeVerbReply("WORK", { ...work, begin: work.begin.map((one) => ({ ...one, kept: [] })) });
    },
  });
}

function reverseQueue(): () => void {
  const { idsFor } = RunQueue.prototype;
  return patched(RunQueue.prototype, "idsFor", function* (this: RunQueue, offers: readonly string[]) {
    yield* [...idsFor.call(this, offers)].reverse();
  });
}

/** Puts another method in the place of one of the product, until the returned function is called. */
function patched<T, K extends keyof T>(prototype: T, name: K, method: T[K]): () => void {
  const original = prototype[name];
  prototype[name] = method;
  return () => void (prototype[name] = original);
}

/** An object with some of its members replaced. */
function standingIn<T extends object>(original: T, replaced: Partial<T>): T {
  return new Proxy(original, {
    get(target, name) {
      if (Reflect.has(replaced, name)) return Reflect.get(replaced, name);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** The request in a frame; null when it is one of another verb. */
function requestIn<V extends Verb>(verb: V, frame: Uint8Array | undefined): RequestOf<V> | null {
  const [name, argument] = new TextDecoder().decode(frame).split("\x01");
  return name === verb ? parseVerbRequest(verb, argument) : null;
}
