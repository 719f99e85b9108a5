/** Writes the pages of docs/ that follow from the code: `deno task docs`. Tests keep them current. */
import { configurationPage } from "./docs/configuration.ts";

await Deno.writeTextFile(new URL("../docs/configuration.md", import.meta.url), configurationPage());
