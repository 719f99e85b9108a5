/**
 * Has workflows run for HTTP requests.
 *
 * `POST /WORKFLOW_ID`, or a path that was mapped to a workflow, is answered with 202 once the run cannot be lost any more.
 * While the principal is away a request waits a few seconds and is then answered with 503; a sender that repeats it with
 * the same delivery id (`Idempotency-Key`, or GitHub's `X-GitHub-Delivery`) starts no second run. `GET /health` tells whether the principal answers.
 */
import { createHash } from "node:crypto";
import { EventListener, type EventListenerOptions } from "../client/mod.ts";
import { aborted } from "../clock/mod.ts";
import { CdktrError, counted, messageOf, type OperatorLog } from "../core/mod.ts";
import type { Authority } from "./authority.ts";
import { type BodyMapping, paramsOf } from "./body_params.ts";
import { readBody } from "./read_body.ts";
import { Refusal, refusalOf } from "./refusal.ts";

/** Senders such as GitHub wait ten seconds for an answer; the last try takes twice the timeout of requests at most on top. */
const patienceMs = 4000;
/** How long a body may take to arrive. */
const bodyMaxMs = 10_000;
/** How long connections may take to close at the end. */
const closingMaxMs = 5000;
/** Requests under way; further ones are answered with 503. */
const requestsMax = 100;
/** Characters of an idempotency key that the principal takes. */
const keyMaxChars = 512;
/** Characters of a delivery id that are shown to people. */
const shownDeliveryChars = 100;
const againHint = "Send the request again after the seconds that Retry-After says.";
const deliveryHeaders = ["Idempotency-Key", "X-GitHub-Delivery"] as const;

/** Options of a {@linkcode WebhookListener}. */
export interface WebhookListenerOptions extends Omit<EventListenerOptions, "host" | "port" | "patienceMs"> {
  /** Where it listens. */
  readonly hostname: string;
  /** 0 lets the system choose a free one. */
  readonly listenPort: number;
  readonly log: OperatorLog;
  /** Path to workflow id; when empty, each path is a workflow id. */
  readonly paths: ReadonlyMap<string, string>;
  readonly authority: Authority;
  readonly mapping: BodyMapping;
  readonly bodyMaxBytes: number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log; null for what needs no line. */
  readonly said: string | null;
}

/** See the top of this file. */
export class WebhookListener extends EventListener {
  readonly #options: WebhookListenerOptions;
  /** Aborts when no more requests are taken; those under way may still trigger. */
  readonly #ending: AbortSignal;
  readonly #stopping = new AbortController();
  #requests = 0;
  #onIdle = () => {};

  constructor({ signal, ...options }: WebhookListenerOptions) {
    super({ ...options, patienceMs });
    this.#options = options;
    const { signal: stopped } = this.#stopping;
    this.#ending = signal === undefined ? stopped : AbortSignal.any([stopped, signal]);
  }

  /**
   * Listens until the signal aborts; then what is under way is done and answered first.
   *
   * @throws {CdktrError} ADDRESS_IN_USE when it cannot listen.
   */
  async startListening(): Promise<void> {
    const { hostname, listenPort, log } = this.#options;
    const server = this.#listen(hostname, listenPort);
    const { port } = server.addr;
    const shownHost = hostname.includes(":") ? `[${hostname}]` : hostname;
    log.info(`webhooks are taken on http://${shownHost}:${port}/`);
    await aborted(this.#ending);
    if (this.#requests > 0) log.info(`stopping: ${counted(this.#requests, "request")} to be answered first`);
    await this.#idle();
    await this.#close(server);
  }

  override async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#idle();
    await super.stop();
  }

  /** Some runtimes would wait for ever for a sender that stopped in the middle of its headers: it is left behind. */
  async #close(server: Deno.HttpServer): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancelTimer = this.clock.setTimer(closingMaxMs, resolve);
    await Promise.race([server.shutdown(), late]);
    cancelTimer();
    server.unref();
  }

  /** Resolves once no request is under way. */
  async #idle(): Promise<void> {
    while (this.#requests > 0) {
      const before = this.#onIdle;
      await new Promise<void>((resolve) => {
        this.#onIdle = () => {
          before();
          resolve();
        };
      });
    }
  }

  #listen(hostname: string, port: number): Deno.HttpServer<Deno.NetAddr> {
    try {
      return Deno.serve(
        { hostname, port, onListen: () => {}, onError: (error) => this.#fail(error) },
        (request, { remoteAddr }) => this.#serve(request, remoteAddr.hostname),
      );
    } catch (cause) {
      const why = cause instanceof Deno.errors.AddrInUse ? "another program has that port" : messageOf(cause);
      throw new CdktrError("ADDRESS_IN_USE", `Cannot listen on ${hostname}:${port}: ${why}.`, {
        hint: "Choose another one with --port, or an address of this machine with --host.",
        cause,
      });
    }
  }

  async #serve(request: Request, from: string): Promise<Response> {
    const { log } = this.#options;
    const beganMs = this.clock.monotonicMs();
    this.#requests++;
    const path = URL.parse(request.url)?.pathname;
    const answer = await this.#answer(request, path).catch(answerTo);
    if (--this.#requests === 0) this.#onIdle();
    if (answer.said !== null) {
      const tookMs = Math.round(this.clock.monotonicMs() - beganMs);
      const line = `${request.method} ${
        path?.slice(0, 200) ?? "of no path"
      } from ${from}: ${answer.status} in ${tookMs} ms, ${answer.said}`;
      if (answer.status < 400) log.info(line);
      else log.warn(line);
    }
    return responseOf(answer);
  }

  /** What nobody thought of. */
  #fail(error: unknown): Response {
    this.#options.log.error(`a request could not be answered: ${messageOf(error)}`);
    return responseOf(answerTo(error));
  }

  /** @param pathname Undefined when the address of the request cannot be read, as with `Host: [`. */
  async #answer(request: Request, pathname: string | undefined): Promise<Answer> {
    if (this.#ending.aborted) {
      throw refusalOf(new CdktrError("SHUTTING_DOWN", "The listener ends.", { hint: againHint }));
    }
    if (this.#requests > requestsMax) {
      const sentence = `More than ${requestsMax} requests are under way.`;
      throw refusalOf(new CdktrError("LIMIT_EXCEEDED", sentence, { hint: againHint }));
    }
    if (pathname === undefined) {
      const hint = "Send a Host header that is a name or an address, and perhaps a port.";
      throw refusalOf(
        new CdktrError("INVALID_ARGUMENT", "The host and path of the request are no valid URL.", { hint }),
      );
    }
    if (request.method === "GET" && pathname === "/health") return await this.#health();
    const workflowId = this.#workflowAt(pathname);
    if (request.method !== "POST") {
      const error = new CdktrError("INVALID_ARGUMENT", `${request.method} is not understood here; POST is.`, {
        hint: "POST runs a workflow; GET /health tells how the listener is.",
      });
      throw new Refusal(405, error, { Allow: "POST" });
    }
    const { authority, mapping, bodyMaxBytes } = this.#options;
    const checkBody = authority.admit(request.headers);
    const body = await readBody(request, { clock: this.clock, maxBytes: bodyMaxBytes, maxMs: bodyMaxMs });
    checkBody(body);
    const params = paramsOf(body, request.headers.get("Content-Type"), mapping);
    return await this.#run(workflowId, params, deliveryId(request.headers));
  }

  #workflowAt(pathname: string): string {
    const { paths } = this.#options;
    const workflowId = paths.size > 0 ? paths.get(pathname) : decodeSegment(pathname);
    if (workflowId !== undefined) return workflowId;
    const hint = paths.size > 0
      ? "The listener's --path flags say which paths there are."
      : "POST to the id of a workflow, such as /etl.daily.";
    throw new Refusal(404, new CdktrError("NOT_FOUND", "No workflow has this path.", { hint }));
  }

  async #run(workflowId: string, params: Record<string, string>, delivery: string | null): Promise<Answer> {
    const shown = delivery?.slice(0, shownDeliveryChars);
    const reason = shown === undefined ? "a webhook was called" : `a webhook was called, delivery ${shown}`;
    const key = delivery === null ? undefined : keyOf(workflowId, delivery);
    const result = await this.runWorkflow(workflowId, params, key, reason);
    if (!result.success) throw refusalOf(result.error, result.mayTryAgain);
    const { runId, isDuplicate, skipped } = result;
    const answer = { body: { workflowId, runId, duplicate: isDuplicate, skipped } };
    if (skipped !== null) return { ...answer, status: 200, said: `nothing started: ${skipped}` };
    const said = `${runId === null ? `${workflowId} queued` : `run ${runId}`}${isDuplicate ? ", of before" : ""}`;
    return { ...answer, status: 202, said };
  }

  async #health(): Promise<Answer> {
    try {
      await this.client.callOriginal({ verb: "PING" });
      return { status: 200, body: { status: "ok" }, said: null };
    } catch (error) {
      this.client.forgetDialect();
      throw error instanceof CdktrError ? refusalOf(error) : error;
    }
  }
}

/** What is said to the log holds nothing of a body: sentences about parameters have their values in them. */
function answerTo(error: unknown): Answer {
  const refusal = error instanceof Refusal ? error : refusalOf(new CdktrError("INTERNAL", messageOf(error)));
  const { status, headers, error: { code, message, hint } } = refusal;
  const said = code === "INVALID_PARAMETERS" ? code : `${code}: ${message}`;
  return { status, headers, body: { error: { code, message, ...hint === undefined ? {} : { hint } } }, said };
}

function responseOf({ status, body, headers }: Answer): Response {
  const init = { status, headers: { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers } };
  return new Response(`${JSON.stringify(body)}\n`, init);
}

function deliveryId(headers: Headers): string | null {
  return deliveryHeaders.map((name) => headers.get(name)).find((value) => value !== null && value !== "") ?? null;
}

function keyOf(workflowId: string, delivery: string): string {
  const key = `webhook:${workflowId}:${delivery}`;
  return key.length <= keyMaxChars ? key : `webhook:${createHash("sha256").update(key).digest("hex")}`;
}

/** The workflow id that a path names; undefined when it has several segments or cannot be decoded. */
function decodeSegment(pathname: string): string | undefined {
  const [, segment] = /^\/([^/]+)$/.exec(pathname) ?? [];
  try {
    return segment === undefined ? undefined : decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
