/** Lines of the shell, as help and the pages of the documentation show them. */

/** These go on until they are told to end. */
export const endless = /^cdktr start|^cdktr listen|^cdktr runs watch|--follow|--tail| -f\b/;

/**
 * The arguments of the part of a line that is cdktr. What is said about it stands behind two blanks or, as a comment,
 * behind one and `#`.
 */
export function argumentsOf(line: string): string[] {
  const command = /(?:^|\| )(cdktr .*?)(?: [|>] .*| {2,}.*| #.*)?$/.exec(line)?.[1] ?? "";
  const words = command.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return words.slice(1).map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
}
