/** The physical cost of a task: its program started by Deno, its outputs read to their end, and nothing else. */

const piped = { stdin: "null", stdout: "piped", stderr: "piped" } as const;

/** Runs a program once, and gives back what it wrote to standard output. */
export async function spawnOnce(command: string, args: readonly string[]): Promise<string> {
  const child = new Deno.Command(command, { ...piped, args: [...args] }).spawn();
  const [text] = await Promise.all([readAll(child.stdout), readAll(child.stderr), child.status]);
  return text;
}

/** How often a second a program can be run, `inFlight` at a time, for `durationMs`. */
export async function spawnsPerSecond(
  command: string,
  args: readonly string[],
  inFlight: number,
  durationMs: number,
): Promise<number> {
  const beganMs = performance.now();
  let count = 0;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    for (; performance.now() - beganMs < durationMs; count++) await spawnOnce(command, args);
  }));
  return count / (performance.now() - beganMs) * 1_000;
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  return text;
}
