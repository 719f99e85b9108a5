/** Writes a file without force and prints its text, or "kept": a process of its own for write_file_test.ts. */
import { writeFile } from "../../src/project/mod.ts";

const [path = "", text = ""] = Deno.args;
await Deno.stdout.write(new TextEncoder().encode(await writeFile(path, text, { force: false }) ? text : "kept"));
