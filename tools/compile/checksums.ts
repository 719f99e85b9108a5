/** Checksums of what was built, as `sha256sum --check SHA256SUMS` reads them. */
import { createHash } from "node:crypto";

/** The SHA-256 of a file, in hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const chunk = new Uint8Array(1024 * 1024);
  for (let read = await file.read(chunk); read !== null; read = await file.read(chunk)) {
    hash.update(chunk.subarray(0, read));
  }
  return hash.digest("hex");
}

/** Writes `SHA256SUMS` into `directory`, for all files there that begin with `cdktr-`. */
export async function writeChecksums(directory: string): Promise<void> {
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) => name.startsWith("cdktr-"));
  const lines: string[] = [];
  for (const name of names.toSorted()) lines.push(`${await sha256Of(`${directory}/${name}`)}  ${name}\n`);
  await Deno.writeTextFile(`${directory}/SHA256SUMS`, lines.join(""));
}
