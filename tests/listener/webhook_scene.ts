/** A webhook listener in the test's process, before a real principal, called over real HTTP. */
import { ok } from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { Clock } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { Authority, type BodyMapping, WebhookListener } from "../../src/listener/mod.ts";
import { KeptLog } from "./kept_log.ts";

/** What may be different about a listener. */
export interface WebhookSceneOptions {
  readonly client: PrincipalClient;
  readonly secrets?: readonly string[];
  readonly tokens?: readonly string[];
  readonly paths?: Readonly<Record<string, string>>;
  readonly mapping?: Partial<BodyMapping>;
  readonly bodyMaxBytes?: number;
  readonly clock?: Clock;
}

/** What was answered. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly runId?: string | null;
    readonly duplicate?: boolean;
    readonly skipped?: string | null;
    readonly status?: string;
    readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
  };
}

/** See the top of this file. */
export class WebhookScene implements AsyncDisposable {
  readonly log = new KeptLog();
  readonly #listener: WebhookListener;
  readonly #listening: Promise<void>;
  #port = 0;

  private constructor(options: WebhookSceneOptions) {
    const { client, secrets = [], tokens = [], paths = {}, mapping, bodyMaxBytes = 1024, clock } = options;
    this.#listener = new WebhookListener({
      client,
      hostname: "127.0.0.1",
      listenPort: 0,
      log: this.log,
      paths: new Map(Object.entries(paths)),
      authority: new Authority(secrets, tokens),
      mapping: { pointers: {}, wholeBody: null, allFields: false, ...mapping },
      bodyMaxBytes,
      ...clock === undefined ? {} : { clock },
    });
    this.#listening = this.#listener.startListening();
  }

  static async start(options: WebhookSceneOptions): Promise<WebhookScene> {
    const scene = new WebhookScene(options);
    scene.#port = Number((await scene.log.said(/taken on http:\/\/127\.0\.0\.1:(\d+)\//))[1]);
    return scene;
  }

  get port(): number {
    return this.#port;
  }

  /** Calls it. */
  async call(path: string, init: RequestInit = {}): Promise<Answered> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, { method: "POST", ...init });
    const body = await response.json();
    // Whoever may have made the mistake is told what to do about it.
    if (response.status >= 400 && response.status < 500) ok(body.error.hint, JSON.stringify(body));
    return { status: response.status, headers: response.headers, body };
  }

  /** Ends it; resolves once everything is answered. */
  async stop(): Promise<void> {
    await this.#listener.stop();
    await this.#listening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** The signature of a body. */
export function sign(secret: string, body: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
