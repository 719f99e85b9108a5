/** The workflows that outsiders find: by id, as YAML. Those that wait or fail take a folder as their parameter `place`. */
import { HeldTask } from "../system/held_task.ts";
import { shellWorkflow } from "../system/workflows.ts";

const inPlace = '"$CDKTR_PARAM_PLACE"';
const held = shellWorkflow({
  only: { run: HeldTask.lineIn(inPlace) },
  after: { run: "echo after", depends: ["only"] },
});

export const catalogue: Readonly<Record<string, string>> = {
  hello: shellWorkflow({
    greet: { run: "echo hello, world; echo and beware >&2" },
    part: { run: "echo goodbye", depends: ["greet"] },
  }),
  // A branch that fails, one that depends on it, one that does not, and outputs.
  fails: shellWorkflow({
    fetch: { run: 'echo rows=12 > "$CDKTR_OUTPUT"; echo fetched' },
    load: { run: 'echo "no such table" >&2; exit 3', depends: ["fetch"] },
    report: { run: "echo reported", depends: ["load"] },
    aside: { run: 'echo "aside $CDKTR_OUTPUT_FETCH_ROWS"', depends: ["fetch"] },
  }),
  held,
  skipping: `overlap: skip\n${held}`,
  queueing: `overlap: queue\n${held}`,
  replacing: `overlap: replace\n${held}`,
  reliable: `on_crash: retry\n${held}`,
  // Says in its place how often each task ran, and fails until someone puts a file there.
  mendable: shellWorkflow({
    first: { run: `echo first >> ${inPlace}/ran` },
    load: { run: `echo load >> ${inPlace}/ran; test -e ${inPlace}/mended || exit 3`, depends: ["first"] },
    last: { run: `echo last >> ${inPlace}/ran`, depends: ["load"] },
  }),
  counting: shellWorkflow({ only: { run: `echo "$CDKTR_RUN_ID $CDKTR_PARAM_N" >> ${inPlace}/ran; echo counted` } }),
  labelled: `labels: [gpu]\n${shellWorkflow({ only: { run: "echo on a gpu" } })}`,
  dated: `params: { day: { type: date, required: true }, table: { choices: [orders, customers], default: orders } }\n${
    shellWorkflow({ only: { run: 'echo "loading $CDKTR_PARAM_TABLE of $CDKTR_PARAM_DAY"' } })
  }`,
};
