/** A file laid out as Deno lays out an executable for Linux: an ELF header, a section header table, the payload. */
export function compiledProgram(embedded: string): Uint8Array<ArrayBuffer> {
  const program = new Uint8Array(64 + 3 * 10);
  const header = new DataView(program.buffer);
  header.setBigUint64(0x28, 64n, true);
  header.setUint16(0x3a, 10, true);
  header.setUint16(0x3c, 3, true);
  const payload = new TextEncoder().encode(`d3n0l4nd${embedded}12345678`);
  new DataView(payload.buffer).setBigUint64(payload.length - 8, BigInt(payload.length), true);
  return new Uint8Array([...program, ...payload]);
}
