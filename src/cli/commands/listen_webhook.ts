/** `cdktr listen webhook`: a workflow runs for each HTTP request. */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { resolve } from "node:path";
import { CdktrError, messageOf, type OperatorLog } from "../../core/mod.ts";
import { Authority, type BodyMapping, isJsonPointer, WebhookListener } from "../../listener/mod.ts";
import { paramName } from "../../wire/mod.ts";
import { connectToPrincipal } from "../connect.ts";
import { listenForInterrupt } from "../interrupt.ts";
import type { Invocation } from "../invocation.ts";
import { wholeNumber } from "../option_values.ts";
import { addParam } from "../params.ts";
import { startProcessLog } from "../process_log.ts";
import { roomLog } from "../room_log.ts";
import { loadSettings, settingOption } from "../settings.ts";

const secretVariable = "CDKTR_WEBHOOK_SECRET";
const defaultPort = 8080;
const defaultBodyBytes = 1024 * 1024;
const largestBodyBytes = 64 * 1024 * 1024;

const afterHelp = `
POST /WORKFLOW_ID runs that workflow; with --path only the paths that were given do anything. The answer is 202 with the
run's id as JSON once the run cannot be lost any more. Nothing of a body becomes a parameter unless a flag says so.

Callers sign the body with HMAC-SHA256 (X-Hub-Signature-256 as GitHub does, or X-Signature-256) or name a bearer token; where
both are configured, either will do. A file may hold several, one a line. Without any, only loopback addresses are listened on.

A request that is sent again with the same Idempotency-Key (or X-GitHub-Delivery) within a day starts no second run.

Examples:
  cdktr listen webhook --param date=/date
  cdktr listen webhook --host 0.0.0.0 --secret-file /etc/cdktr/webhook --path /github=ci.build --param commit=/after`;

export function listenWebhookCommand(invocation: Invocation) {
  return new Command("webhook")
    .summary("Run a workflow for each HTTP request")
    .description("Run a workflow for each HTTP request.")
    .option("--host <host>", "the address to listen on", "127.0.0.1")
    .option("--port <port>", "the port to listen on; 0 for a free one", wholeNumber(0, 65_535), defaultPort)
    .option("--path <path=workflow>", "a path that runs a workflow; may be given several times", addPath)
    .option(
      "-p, --param <name=pointer>",
      "a parameter from the JSON body, or the form, by its JSON pointer; may be given several times",
      addPointer,
      {},
    )
    .option("--body-param <name>", "a parameter that gets the whole body", readParamName)
    .option("--params-from-json", "make parameters of all texts, numbers and truth values of the JSON object or form")
    .option("--secret-file <file>", `secrets that bodies are signed with (else ${secretVariable})`)
    .option("--token-file <file>", "bearer tokens")
    .option("--max-body <bytes>", "the largest body", wholeNumber(0, largestBodyBytes), defaultBodyBytes)
    .addOption(settingOption("--principal-host <host>", "principalHost"))
    .addOption(settingOption("--principal-port <port>", "principalPort"))
    .addHelpText("after", afterHelp)
    .action(async (options, command) => {
      const config = loadSettings(invocation, command);
      using _log = startProcessLog(config.logLevel, invocation.stderr);
      const log = roomLog("webhook");
      const authority = readAuthority(
        options,
        { ...config.inheritedEnvironment, ...invocation.environment },
        (path) => readSecrets(resolve(invocation.workingDirectory, path), log),
      );
      refuseOpenDoor(options.host, authority);
      const mapping: BodyMapping = {
        pointers: options.param,
        wholeBody: options.bodyParam ?? null,
        allFields: options.paramsFromJson === true,
      };
      await using client = connectToPrincipal(config, invocation, "listener");
      using interrupt = listenForInterrupt();
      await using listener = new WebhookListener({
        client,
        signal: interrupt.signal,
        hostname: options.host,
        listenPort: options.port,
        paths: options.path ?? new Map(),
        bodyMaxBytes: options.maxBody,
        ...{ log, authority, mapping },
      });
      await listener.startListening();
    });
}

function addPath(text: string, given: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const [, path = "", workflowId = ""] = /^(\/[^=?#\s]*)=(.+)$/.exec(text) ?? [];
  if (workflowId === "") throw new InvalidArgumentError("Give it as /path=workflow, such as /github=ci.build.");
  if (given.has(path)) throw new InvalidArgumentError(`${path} is given twice.`);
  return new Map([...given, [path, workflowId]]);
}

function addPointer(text: string, given: Readonly<Record<string, string>>): Record<string, string> {
  const params = addParam(text, given);
  if (isJsonPointer(text.slice(text.indexOf("=") + 1))) return params;
  throw new InvalidArgumentError("A JSON pointer has a / before each of its parts, such as date=/order/date.");
}

function readParamName(text: string): string {
  if (paramName.safeParse(text).success) return text;
  throw new InvalidArgumentError("A name has letters, digits and _, at most 64, and no digit in front.");
}

interface AuthorityFlags {
  readonly secretFile?: string | undefined;
  readonly tokenFile?: string | undefined;
}

function readAuthority(
  { secretFile, tokenFile }: AuthorityFlags,
  environment: Readonly<Record<string, string>>,
  read: (path: string) => string[],
): Authority {
  const fromEnvironment = environment[secretVariable] ?? "";
  const secrets = secretFile !== undefined ? read(secretFile) : fromEnvironment === "" ? [] : [fromEnvironment];
  return new Authority(secrets, tokenFile === undefined ? [] : read(tokenFile));
}

const secretsHint = "Write one secret a line into it, such as the output of `openssl rand -hex 32`.";

/** One secret a line. */
function readSecrets(path: string, log: OperatorLog): string[] {
  let text: string;
  try {
    const { mode } = Deno.statSync(path);
    if (mode !== null && (mode & 0o077) !== 0) {
      log.warn(`${path} can be read by others; \`chmod 600\` keeps it private`);
    }
    text = Deno.readTextFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new CdktrError("NOT_FOUND", `There is no file of secrets ${path}.`, { hint: secretsHint, cause });
    }
    throw new CdktrError("STORAGE", `The file of secrets ${path} cannot be read: ${messageOf(cause)}.`, {
      hint: "Name a file that the user of the listener may read.",
      cause,
    });
  }
  const secrets = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  if (secrets.length > 0) return secrets;
  throw new CdktrError("INVALID_ARGUMENT", `The file of secrets ${path} is empty.`, {
    hint: secretsHint,
  });
}

function refuseOpenDoor(host: string, authority: Authority): void {
  if (!authority.isOpen || host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host)) return;
  throw new CdktrError("INVALID_ARGUMENT", `Without a secret ${host} is not listened on: anyone could run workflows.`, {
    hint: `Name a file with --secret-file or --token-file, or set ${secretVariable}.`,
  });
}
