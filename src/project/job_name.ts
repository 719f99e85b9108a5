/** What a job is called, which had no name where it came from. */

/** Words that stand before the one that says what is done. */
const wrappers = new Set(["exec", "nice", "ionice", "nohup", "env", "time", "command", "sudo", "chronic", "setsid"]);

/** Commands that only prepare or test something. */
const preparations = new Set(["cd", "test", "[", "[[", "export", ".", "source", "umask", "sleep", "set", "true", ":"]);

/**
 * The program that a command line is about: `backup.sh` for `cd /srv && nice /opt/backup.sh --all`. A guess for people to
 * read, not an understanding of shells.
 */
export function programOf(command: string): string {
  for (const part of command.split(/&&|\|\||[;|\n]/)) {
    const words = part.trim().split(/\s+/);
    const program = words.find((word) => !/^[A-Za-z_]\w*=/.test(word) && !word.startsWith("-") && !wrappers.has(word));
    if (program === undefined || program === "" || preparations.has(program)) continue;
    const name = program.replaceAll(/["'`(){}]/g, "").replace(/.*\//, "");
    if (name !== "") return name;
  }
  return "job";
}

/** `text` as a name that people can read: on one line, not too long, not blank. */
export function nameOf(text: string): string {
  const name = Array.from(text.replaceAll(/\p{Cc}/gu, " ")).slice(0, 100).join("").trim();
  return name === "" ? "job" : name;
}

/** `text` as an id that makes a good name of a file: `backup` for `backup.sh`. */
export function idOf(text: string): string {
  const withoutExtension = text.replace(/\.(?:sh|bash|py|pl|rb|php|js)$/, "");
  const id = withoutExtension.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "").slice(0, 60);
  return id === "" ? "job" : id;
}

/** The first of `id`, `id_2`, `id_3` that is not taken; it then is. */
export function freeId(id: string, taken: Set<string>): string {
  let free = id;
  for (let number = 2; taken.has(free); number++) free = `${id}_${number}`;
  taken.add(free);
  return free;
}
