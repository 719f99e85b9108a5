import { equal } from "node:assert/strict";
import { csvOf, jsonOf, tableOf } from "../../src/cli/query_result.ts";

const result = {
  columns: [{ name: "name", type: "VARCHAR" }, { name: "count", type: "BIGINT" }, { name: "other", type: "BIGINT" }],
  rows: [['a,"b"', 1, null], ["", 20, { x: [1] }], ["x\n\x1b[2J", 3, true]],
};

Deno.test("a table aligns numbers at the right, shows NULL, and lets nothing move the cursor", () => {
  equal(
    tableOf(result, undefined),
    "name          count      other\n" +
      'a,"b"             1       NULL\n' +
      '                 20  {"x":[1]}\n' +
      "x\\n\\u{1b}[2J      3       true\n",
  );
  equal(tableOf({ columns: [], rows: [] }, 80), "");
});

Deno.test("JSON is one object a row, and a row a line", () => {
  equal(
    jsonOf(result),
    '[\n  {"name":"a,\\"b\\"","count":1,"other":null},\n' +
      '  {"name":"","count":20,"other":{"x":[1]}},\n' +
      '  {"name":"x\\n\\u001b[2J","count":3,"other":true}\n]\n',
  );
  equal(jsonOf({ ...result, rows: [] }), "[]\n");
});

Deno.test("CSV quotes what needs it, keeps NULL apart from empty text, and is as it is unless for a terminal", () => {
  equal(
    csvOf(result, false),
    'name,count,other\n"a,""b""",1,\n"",20,"{""x"":[1]}"\n"x\n\x1b[2J",3,true\n',
  );
  equal(csvOf({ ...result, rows: [["x\n\x1b[2J", 3, true]] }, true), "name,count,other\nx\\n\\u{1b}[2J,3,true\n");
});
