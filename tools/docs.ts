/** Writes the pages of docs/ that follow from the code: `deno task docs`. Tests keep them current. */
import { configurationPage } from "./docs/configuration.ts";
import { specificationsPage } from "./docs/specifications.ts";

const pages = { configuration: configurationPage, specifications: specificationsPage };
for (const [name, page] of Object.entries(pages)) {
  await Deno.writeTextFile(new URL(`../docs/${name}.md`, import.meta.url), page());
}
