/**
 * Bytes between the program of an executable for Linux and what Deno put behind it. Deno reads all that is embedded at every start:
 * a thirtieth of a second for DuckDB's library, which most commands do not use.
 *
 * An ELF file ends with its table of section headers, and the system loads nothing of what follows. Deno finds its payload from
 * the end of the file. So what stands between the two is left alone by both.
 */

/** The header of an ELF file for 64-bit machines, in bytes. */
const headerBytes = 64;
/** What Deno's payload begins with. Its last eight bytes are its length, little-endian. */
const payloadMagic = "d3n0l4nd";

/**
 * Where the program ends that a file begins with (elf(5): `e_shoff`, `e_shentsize`, `e_shnum`), in bytes.
 *
 * @param file A little-endian ELF file for 64-bit machines, or its first 64 bytes at least.
 */
export function endOfProgram(file: Uint8Array): number {
  const header = new DataView(file.buffer, file.byteOffset, headerBytes);
  return Number(header.getBigUint64(0x28, true)) + header.getUint16(0x3a, true) * header.getUint16(0x3c, true);
}

/**
 * Attaches bytes to the executable at `path`.
 *
 * @returns False where it is laid out in another way than this knows, as it may be by other versions of Deno. It is as it was then.
 */
export async function attach(path: string, attachment: Uint8Array): Promise<boolean> {
  const file = await Deno.readFile(path);
  const end = endOfProgram(file);
  const payload = file.subarray(end);
  const magic = new TextDecoder("latin1").decode(payload.subarray(0, payloadMagic.length));
  if (magic !== payloadMagic || lengthAtEnd(payload) !== payload.length) return false;
  using executable = await Deno.open(path, { write: true });
  await executable.seek(end, Deno.SeekMode.Start);
  for (const part of [attachment, payload]) await writeAll(executable, part);
  return true;
}

/** Reads what was attached to the executable at `path`: `bytes` bytes from `at` on. */
export function readAttachment(path: string, { at, bytes }: { at: number; bytes: number }): Uint8Array<ArrayBuffer> {
  using file = Deno.openSync(path);
  const header = readAll(file, headerBytes);
  file.seekSync(endOfProgram(header) + at, Deno.SeekMode.Start);
  return readAll(file, bytes);
}

function lengthAtEnd(payload: Uint8Array): number {
  const at = payload.byteOffset + payload.length - 8;
  return Number(new DataView(payload.buffer, at, 8).getBigUint64(0, true));
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}

/** @throws When the file ends before. */
function readAll(file: Deno.FsFile, bytes: number): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(bytes);
  for (let done = 0; done < bytes;) {
    const read = file.readSync(content.subarray(done));
    if (read === null) throw new Error("the executable is shorter than it was built");
    done += read;
  }
  return content;
}
