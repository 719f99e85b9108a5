import { equal } from "node:assert/strict";
import { displayWidth } from "../../src/paint/mod.ts";
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

Deno.test("a table too wide for the terminal becomes a block of lines for each row, and loses nothing", () => {
  const wide = {
    columns: [{ name: "run", type: "VARCHAR" }, { name: "\x1b[2J数", type: "BIGINT" }],
    rows: [["0198c7a2-3f41-7c10-8d6e-0242ac120002", 1], ["x\ny", null]],
  };
  const widest = displayWidth("0198c7a2-3f41-7c10-8d6e-0242ac120002  \\u{1b}[2J数");
  equal(tableOf(wide, widest), tableOf(wide, undefined));
  equal(
    tableOf(wide, widest - 1),
    "-[ ROW 1 ]---\n" +
      "run         | 0198c7a2-3f41-7c10-8d6e-0242ac120002\n" +
      "\\u{1b}[2J数 | 1\n" +
      "-[ ROW 2 ]---\n" +
      "run         | x\\ny\n" +
      "\\u{1b}[2J数 | NULL\n",
  );
  equal(tableOf({ ...wide, rows: [] }, 5), "run  \\u{1b}[2J数\n");
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
