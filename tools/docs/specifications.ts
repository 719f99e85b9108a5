/** `docs/specifications.md`, made from the specifications themselves. */
import { cell } from "./cell.ts";
import { labelOf } from "../../tests/blackbox/specification.ts";
import { beyondOutsiders, blocks } from "../../tests/blackbox/specifications.ts";

const before = `# Specifications

<!-- Made by \`deno task docs\` from tests/blackbox. -->

What \`cdktr\` does, as sentences that are looked at from outside: by the executable, its output, its exit codes, files,
signals and sockets, with an empty home and next to nothing in the environment. A number stays with its sentence.

\`\`\`sh
deno task test tests/blackbox                                            # this checkout
CDKTR_TEST_EXECUTABLE=dist/cdktr-linux-x64 deno task test tests/blackbox # an executable
deno task test BB-206                                                    # one of them
\`\`\`

Each command of \`cdktr --help\`, each exit code and each code of an error is shown by at least one; a test holds that.
`;

/** The page's text. */
export function specificationsPage(): string {
  const sections = blocks.map(({ title, specifications }) => {
    const rows = specifications.map((one) => {
      const label = labelOf(one);
      const shows = one.shows.map((shown) => `\`${shown}\``).join(", ");
      return `| <a id="${label.toLowerCase()}"></a>${label} | ${cell(one.sentence)} | ${shows} |`;
    });
    return `## ${title}\n\n| number | specification | shows |\n|---|---|---|\n${rows.join("\n")}\n`;
  });
  const beyond = Object.entries(beyondOutsiders).map(([code, reason]) => `- \`${code}\`: ${reason}\n`);
  return [before, ...sections, `## Without a specification\n\n${beyond.join("")}`].join("\n");
}
