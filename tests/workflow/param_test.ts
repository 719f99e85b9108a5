import assert from "node:assert/strict";
import { fileWith, problemsOf, workflowOf } from "./samples.ts";

const paramsOf = (fields: string) => workflowOf(fileWith(`params:\n${fields}`)).params;

Deno.test("parameters are read in the order of the file, with their defaults", () => {
  const plain = {
    description: null,
    required: false,
    default: null,
    choices: null,
    pattern: null,
    min: null,
    max: null,
  };
  const params = paramsOf(`  zone: {}
  day: {type: date, required: true, description: The day to load, min: 2020-01-01, max: 2029-12-31}
  limit: {type: integer, default: +0100, min: 1, max: 1000}
  dry: {type: boolean, default: TRUE}
  rate: {type: number, choices: [0.50, 1, 2e0], default: 2}
  mode: {choices: [full, fast, full], pattern: "[a-z]+", default: fast}
`);
  assert.deepEqual(Object.keys(params), ["zone", "day", "limit", "dry", "rate", "mode"]);
  assert.deepEqual(params, {
    zone: { ...plain, type: "string" },
    day: {
      ...{ ...plain, type: "date", required: true, description: "The day to load" },
      ...{ min: "2020-01-01", max: "2029-12-31" },
    },
    limit: { ...plain, type: "integer", default: "100", min: "1", max: "1000" },
    dry: { ...plain, type: "boolean", default: "true" },
    rate: { ...plain, type: "number", default: "2", choices: ["0.50", "1", "2e0"] },
    mode: { ...plain, type: "string", default: "fast", choices: ["full", "fast"], pattern: "[a-z]+" },
  });
});

Deno.test("an empty text is a default like any other; no value is none", () => {
  assert.equal(paramsOf('  a: {default: ""}')["a"]?.default, "");
  assert.equal(paramsOf("  a: {default: ~}")["a"]?.default, null);
});

const refused: readonly [declaration: string, problem: string][] = [
  [
    "{type: dat}",
    '3:13: error: params.p.type "dat" is not known; expected string, integer, number, boolean or date. Did you mean "date"?',
  ],
  ["", "3:6: error: params.p has no value; expected a mapping."],
  ["{required: yes}", '3:17: error: params.p.required is the text "yes"; expected true or false.'],
  [
    "{required: true, default: 1}",
    '3:32: error: params.p.default "1" is given for a parameter that is required; expected one of the two.',
  ],
  [
    "{type: date, default: 2026-02-30}",
    '3:28: error: params.p.default "2026-02-30" is no date; expected a date as YYYY-MM-DD, such as 2026-03-01.',
  ],
  [
    "{type: integer, default: 1.0}",
    '3:31: error: params.p.default "1.0" is no whole number; expected a whole number of at most 15 digits.',
  ],
  ["{type: integer, min: 5, default: 4}", '3:39: error: params.p.default "4" is too small; expected at least 5.'],
  ["{type: integer, min: 5, max: 4}", '3:35: error: params.p.max "4" is too small; expected at least 5.'],
  [
    "{type: number, max: lots}",
    '3:26: error: params.p.max "lots" is no number; expected a number such as 2, 0.5 or 1e-3.',
  ],
  [
    "{min: 1}",
    '3:12: error: params.p.min "1" means nothing for the type string; expected the type integer, number or date.',
  ],
  ["{choices: []}", "3:16: error: params.p.choices has no entry; expected at least one value."],
  ["{choices: [a, b], default: c}", '3:33: error: params.p.default "c" is no choice; expected a or b.'],
  [
    "{type: boolean, choices: [true, maybe]}",
    '3:38: error: params.p.choices[1] "maybe" is neither true nor false; expected true or false.',
  ],
  ['{pattern: "[a-z]+", default: A}', '3:35: error: params.p.default "A" does not match; expected the pattern [a-z]+.'],
  [
    '{pattern: "(a", default: A}',
    '3:16: error: params.p.pattern "(a" cannot be used (unterminated group); expected a regular expression without references and lookaround.',
  ],
];
for (const [declaration, problem] of refused) {
  Deno.test(`refused as a parameter: ${declaration}`, () => {
    assert.deepEqual(problemsOf(fileWith(`params:\n  p: ${declaration}`)), [problem]);
  });
}

Deno.test("a name that cannot end a variable's name is refused, and two that make the same one", () => {
  assert.deepEqual(problemsOf(fileWith("params: {2x: {}, a-b: {}, day: {}, Day: {}}")), [
    '2:10: error: The key "2x" in params cannot name a parameter: it takes letters, digits and _, at most 64, and begins with no digit.',
    '2:18: error: The key "a-b" in params cannot name a parameter: it takes letters, digits and _, at most 64, and begins with no digit.',
  ]);
  assert.deepEqual(problemsOf(fileWith("params: {day: {}, Day: {}}")), [
    "2:24: error: params.Day is CDKTR_PARAM_DAY for tasks, as day is; expected another name.",
  ]);
});

Deno.test("a schedule cannot give what is required", () => {
  assert.deepEqual(problemsOf(fileWith("cron: '@daily'\nparams: {day: {required: true}}")), [
    "3:15: error: params.day is required, and a schedule gives no parameters; expected a default for it, or no cron.",
  ]);
});

Deno.test("an unknown field of a parameter is a warning that suggests the right one", () => {
  assert.deepEqual(problemsOf(fileWith("params: {config: {defalt: 1, enum: [1]}}")), [
    '2:19: warning: params.config.defalt is no known field and is ignored. Did you mean "default"?',
    '2:30: warning: params.config.enum is no known field and is ignored. Did you mean "choices"?',
  ]);
});

Deno.test("more parameters than the limit are refused", () => {
  const names = Array.from({ length: 101 }, (_, index) => `p${index}: {}`).join(", ");
  assert.deepEqual(problemsOf(fileWith(`params: {${names}}`)), [
    "2:9: error: params has 101 parameters; expected at most 100 parameters.",
  ]);
});
