/** `.env.example`: every setting as a comment. */
import { settings } from "../../config/mod.ts";
import type { ProjectFile } from "../project_file.ts";

/** Paths stand in single quotes: $HOME and the like are replaced by cdktr, not by the file. */
export function dotenvExample(): ProjectFile {
  const blocks = Object.values(settings).map(({ variable, kind, defaultText, description }) =>
    `# ${description}\n# ${variable}=${kind === "path" ? `'${defaultText}'` : defaultText}\n`
  );
  return {
    name: ".env.example",
    text: `# Settings of cdktr. Copy this file to .env and take the # from the lines you change.\n\n${
      blocks.join("\n")
    }`,
  };
}
