/** What of a project is not for version control, and not for an image. */
import type { ProjectFile } from "../project_file.ts";

export const gitignore: ProjectFile = {
  name: ".gitignore",
  text: `# Settings of this machine, secrets among them. .env.example is the one to share.
/.env

# What cdktr keeps, where CDKTR_APP_DATA_DIRECTORY names a folder in here.
/data/

# The executable that the Dockerfile puts into the image.
/cdktr
`,
};

/** Names what may go into the image, so that a secret that is added to the project later does not. */
export const dockerignore: ProjectFile = {
  name: ".dockerignore",
  text: `# Nothing goes into the image but what is named here.
*
!cdktr
!workflows
`,
};
