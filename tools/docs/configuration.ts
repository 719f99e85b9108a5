/** `docs/configuration.md`, made from the settings themselves. */
import { settings } from "../../src/config/mod.ts";
import { cell } from "./cell.ts";

const before = `# Configuration

<!-- Made by \`deno task docs\` from src/config/settings.ts. -->

A value comes from a flag, else from the environment, else from a \`.env\` file, else it is the default.
\`cdktr config list\` shows every setting, its value and where that came from; \`--json\` adds what is accepted.

\`.env\` is looked for in the working directory and then in each directory above; the first one found is read. Its lines are
\`KEY=value\`, with an optional \`export \` in front; \`#\` begins a comment; single quotes are literal, double quotes know
\`\\\\ \\" \\' \\$ \\n\`; \`$NAME\` and \`\${NAME}\` are replaced. Variables that are set already are not changed. Tasks that an agent
runs inherit what is in it. In paths \`$HOME\` is replaced.

A value that cannot be used is an error that names the setting, the value and where it came from; nothing is guessed.

| setting | default | accepts | meaning |
|---|---|---|---|
`;

/** The page's text. */
export function configurationPage(): string {
  const rows = Object.values(settings).map(({ variable, defaultText, accepts, description, secret }) => {
    const shownDefault = secret || defaultText === "" ? "" : `\`${defaultText}\``;
    return `| \`${variable}\` | ${shownDefault} | ${cell(accepts)} | ${cell(description)} |`;
  });
  return `${before}${rows.join("\n")}\n`;
}
