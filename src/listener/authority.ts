/** Who may call: senders that sign their requests with a secret, or name a token. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { CdktrError } from "../core/mod.ts";
import { Refusal } from "./refusal.ts";

/** Headers with the HMAC-SHA256 of the body, as `sha256=` and hexadecimal digits: GitHub's, and one for everyone else. */
const signatureHeaders = ["X-Hub-Signature-256", "X-Signature-256"] as const;

const tokenHint = "Use one that stands in the listener's --token-file.";
const signingHint =
  "Sign the bytes of the body with the listener's secret, by HMAC-SHA256, as sha256= and hexadecimal digits.";

/** What callers must know. One of several secrets or tokens is enough, so that they can be replaced without a gap. */
export class Authority {
  readonly #secrets: readonly string[];
  readonly #tokens: readonly Uint8Array[];

  constructor(secrets: readonly string[], tokens: readonly string[]) {
    this.#secrets = secrets;
    this.#tokens = tokens.map(digest);
  }

  /** Whether everyone may call. */
  get isOpen(): boolean {
    return this.#secrets.length + this.#tokens.length === 0;
  }

  /**
   * Looks at the headers, before anything else of a request is read.
   *
   * @returns Checks the body, where a signature is what will tell.
   * @throws {Refusal} 401 when it can be told already; 403 for a page in a browser where everyone else may call.
   */
  admit(headers: Headers): (body: Uint8Array) => void {
    if (this.isOpen) {
      // Any page a person opens could else call what listens on that person's machine.
      if (headers.has("Origin")) {
        throw new Refusal(
          403,
          badCaller(
            "Pages in browsers may not call this listener.",
            "Call it from a program, or have the listener ask for a secret or a token.",
          ),
        );
      }
      return () => {};
    }
    const [, token] = /^Bearer +(.+)$/i.exec(headers.get("Authorization") ?? "") ?? [];
    if (token !== undefined && this.#tokens.length > 0) {
      const given = digest(token);
      if (this.#tokens.filter((known) => timingSafeEqual(known, given)).length > 0) return () => {};
      throw this.#unauthorised("The bearer token is wrong.", tokenHint);
    }
    const signature = signatureHeaders.map((name) => headers.get(name)).find((value) => value !== null);
    if (signature === undefined || this.#secrets.length === 0) {
      const ways = [
        ...this.#secrets.length > 0 ? [`a signature in ${signatureHeaders.join(" or ")}`] : [],
        ...this.#tokens.length > 0 ? ["a bearer token in Authorization"] : [],
      ];
      const hint = this.#secrets.length > 0 ? signingHint : tokenHint;
      throw this.#unauthorised(`The request needs ${ways.join(", or ")}.`, hint);
    }
    return (body) => this.#checkSignature(signature ?? "", body);
  }

  #checkSignature(signature: string, body: Uint8Array): void {
    const [, hex = ""] = /^sha256=([0-9a-f]{64})$/i.exec(signature.trim()) ?? [];
    // Compared whatever it looks like and with every secret, so that the time an answer takes tells nothing.
    const given = digest(hex.toLowerCase());
    const fitting = this.#secrets.filter((secret) => {
      const right = createHmac("sha256", secret).update(body).digest("hex");
      return timingSafeEqual(digest(right), given);
    });
    if (fitting.length === 0) throw this.#unauthorised("The signature does not fit the body.", signingHint);
  }

  #unauthorised(sentence: string, hint: string): Refusal {
    return new Refusal(401, badCaller(sentence, hint), this.#tokens.length > 0 ? { "WWW-Authenticate": "Bearer" } : {});
  }
}

function badCaller(sentence: string, hint: string): CdktrError {
  return new CdktrError("INVALID_ARGUMENT", sentence, { hint });
}

/** Of one length whatever the text, as a comparison in constant time needs it. */
function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
