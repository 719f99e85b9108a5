/** Where a principal is, as people write it: `host`, `host:port` or `host:port:logs-port`; IPv6 addresses in brackets. */

/** A principal's address. */
export interface Address {
  readonly host: string;
  /** Of its requests. */
  readonly port: number;
  /** At which it publishes live log lines. */
  readonly logsPublishingPort: number;
}

/** A host name, an IPv4 address, or an IPv6 address without brackets. */
export const hostPattern = /^[^\s:/[\]]+$|^[\da-f.]*(?::[\da-f.]*){2,}(?:%\w+)?$/i;

const defaultPort = 5561;
const defaultLogsPublishingPort = 5563;
const maxPort = 65_535;

/**
 * Reads an address. A port that is left out is the one that a principal has by default.
 *
 * @returns The address, or what is wrong as the end of a sentence: "X has no host".
 */
export function parseAddress(text: string): { readonly value: Address } | { readonly problem: string } {
  if (text.includes("::") && !text.startsWith("[")) return { problem: "needs brackets around its IPv6 address" };
  const [, bracketed, plain, rest = ""] = /^(?:\[([^\]]*)\]|([^:[\]]*))(.*)$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? "";
  if (host === "") return { problem: "has no host" };
  if (!hostPattern.test(host)) return { problem: `has the host ${JSON.stringify(host)}, which cannot be one` };
  if (bracketed !== undefined && !bracketed.includes(":")) {
    return { problem: "has something in brackets that is no IPv6 address" };
  }
  if (rest !== "" && !rest.startsWith(":")) return { problem: "has something between the host and the port" };
  const ports = rest === "" ? [] : rest.slice(1).split(":");
  if (ports.length > 2) return { problem: "has more than two ports; an IPv6 address needs brackets" };
  const bad = ports.find((port) => !/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > maxPort);
  if (bad !== undefined) {
    return { problem: `has the port ${JSON.stringify(bad)}, which is no whole number from 1 to ${maxPort}` };
  }
  const [port = defaultPort, logsPublishingPort = defaultLogsPublishingPort] = ports.map(Number);
  return { value: { host, port, logsPublishingPort } };
}

/** An address as it may be written, with both ports. */
export function formatAddress({ host, port, logsPublishingPort }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}:${logsPublishingPort}`;
}
