/** Principals by name, as people write them: `prod=prod.example.org,lab=[fd00::7]:5571:5573`. */
import { type Address, formatAddress, parseAddress } from "./address.ts";

/** A principal by the name that its user gave it. */
export interface NamedAddress extends Address {
  readonly name: string;
}

/** The name of the principal that the other settings tell; no other one can have it. */
export const defaultContext = "default";

/** What {@linkcode parseContexts} accepts, as in "it must be ...". */
export const contextsForm =
  "name=host:port:logs-port with commas between several, where ports may be left out and an IPv6 address stands in brackets";

const maxContexts = 100;
const namePattern = /^[a-z0-9_-]{1,32}$/;

/** Reads contexts. @returns Them in their order, or what is wrong as the end of the sentence "X is ..., but ...". */
export function parseContexts(
  text: string,
): { readonly value: readonly NamedAddress[] } | { readonly problem: string } {
  const contexts: NamedAddress[] = [];
  const words = text === "" ? [] : text.split(",").map((word) => word.trim());
  if (words.length > maxContexts) return { problem: `it has more than ${maxContexts} contexts` };
  for (const [index, word] of words.entries()) {
    const where = `its part ${index + 1}, ${JSON.stringify(word)},`;
    const equals = word.indexOf("=");
    if (equals === -1) return { problem: `${where} has no "=" between a name and an address` };
    const name = word.slice(0, equals).trim();
    if (!namePattern.test(name)) {
      return { problem: `${where} needs a name of a-z, 0-9, - and _ before the "=", at most 32` };
    }
    if (name === defaultContext) {
      return { problem: `${where} is called ${name}, which is the principal that the other settings tell` };
    }
    if (contexts.some((context) => context.name === name)) {
      return { problem: `${where} is the second one called ${name}` };
    }
    const reading = parseAddress(word.slice(equals + 1).trim());
    if ("problem" in reading) return { problem: `${where} ${reading.problem}` };
    contexts.push({ name, ...reading.value });
  }
  return { value: contexts };
}

/** Contexts as they may be written. */
export function formatContexts(contexts: readonly NamedAddress[]): string {
  return contexts.map((context) => `${context.name}=${formatAddress(context)}`).join(",");
}
