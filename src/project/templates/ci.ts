/** A workflow of GitHub Actions that checks the workflow files of a project. */
import type { ProjectFile } from "../project_file.ts";

export const ciWorkflow: ProjectFile = {
  name: ".github/workflows/validate.yml",
  text: `# Checks every workflow file of this project when it changes.
#
# The job is skipped until the repository has the variable CDKTR_URL (Settings, Secrets and variables, Actions, Variables):
# where the cdktr executable for linux-x64 can be fetched from. With CDKTR_SHA256 beside it, its checksum is checked.
name: Validate workflows

on:
  push:
  pull_request:

permissions:
  contents: read

jobs:
  validate:
    if: vars.CDKTR_URL != ''
    runs-on: ubuntu-latest
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false

      - name: Fetch cdktr
        env:
          CDKTR_URL: \${{ vars.CDKTR_URL }}
          CDKTR_SHA256: \${{ vars.CDKTR_SHA256 }}
        run: |
          curl --fail --silent --show-error --location --output "$RUNNER_TEMP/cdktr" "$CDKTR_URL"
          if [ -n "$CDKTR_SHA256" ]; then
            echo "$CDKTR_SHA256  $RUNNER_TEMP/cdktr" | sha256sum --check
          fi
          chmod +x "$RUNNER_TEMP/cdktr"

      - name: Validate
        run: '"$RUNNER_TEMP/cdktr" validate workflows'
`,
};
