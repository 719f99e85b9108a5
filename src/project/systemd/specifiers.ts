/** The specifiers of systemd.unit(5), `%i` and the like, as far as a unit's name and the system's directories tell them. */

/** Of the system's manager. */
const directories: Readonly<Record<string, string>> = {
  t: "/run",
  S: "/var/lib",
  C: "/var/cache",
  L: "/var/log",
  E: "/etc",
  T: "/tmp",
  V: "/var/tmp",
};

/**
 * Replaces specifiers.
 *
 * @param unit The name of the unit, such as `backup@home.service`.
 * @param onUnknown Told each one that only the running system could tell; it stays as it is.
 */
export function expandSpecifiers(text: string, unit: string, onUnknown: (specifier: string) => void): string {
  const [, name = unit, prefix = "", instance = ""] = /^(([^@]*)(?:@(.*))?)\.[a-z]+$/.exec(unit) ?? [];
  const values: Readonly<Record<string, string>> = {
    "%": "%",
    n: unit,
    N: name,
    p: prefix,
    P: unescaped(prefix),
    i: instance,
    I: unescaped(instance),
    j: prefix.replace(/.*-/, ""),
    J: unescaped(prefix.replace(/.*-/, "")),
    ...directories,
  };
  return text.replaceAll(/%([a-zA-Z%])/g, (specifier, letter: string) => {
    const value = values[letter];
    if (value === undefined) onUnknown(specifier);
    return value ?? specifier;
  });
}

/** A name as `systemd-escape --unescape` gives it: a minus is a slash, `\x2d` a minus. */
function unescaped(name: string): string {
  const bytes: number[] = [];
  for (const [part, hex] of name.replaceAll("-", "/").matchAll(/\\x([0-9a-f]{2})|[^]/gu)) {
    bytes.push(...hex === undefined ? new TextEncoder().encode(part) : [parseInt(hex, 16)]);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
