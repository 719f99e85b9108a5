/** The least program that shows something at all, and answers each key with one line. */
const write = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));

Deno.stdin.setRaw(true);
write("a bare line");
const buffer = new Uint8Array(64);
for (let keys = 0; await Deno.stdin.read(buffer) !== null; keys++) write(`\x1b[H\x1b[2K${keys}`);
