// deno-lint-ignore-file no-control-regex
import { deepEqual, equal } from "node:assert/strict";
import { getLogger, type LogRecord } from "@logtape/logtape";
import { formatRecord, startProcessLog } from "../../src/cli/process_log.ts";

function record(fields: Partial<LogRecord>): LogRecord {
  return {
    timestamp: Date.UTC(2026, 2, 4, 8, 40, 30, 123),
    level: "info",
    category: ["cdktr", "principal"],
    message: ["text"],
    rawMessage: "text",
    properties: {},
    ...fields,
  };
}

Deno.test("a line is time in UTC, level, room and text", () => {
  equal(formatRecord(record({}), false), "2026-03-04T08:40:30.123Z INFO  principal: text");
  equal(
    formatRecord(
      record({ level: "warning", category: ["cdktr", "agent", "spool"], message: ["", 3, " lines"] }),
      false,
    ),
    "2026-03-04T08:40:30.123Z WARN  agent.spool: 3 lines",
  );
});

Deno.test("a value in a message cannot forge a line, colour it or break out of it", () => {
  const forged = "x\n2026-03-04T08:40:31.000Z ERROR principal: forged\x1b[2J";
  for (const value of [forged, { name: forged }, new Error(forged), [forged]]) {
    const line = formatRecord(record({ message: ["got ", value, ""] }), false);
    equal(/[\n\x1b]/.test(line), false, line);
  }
});

Deno.test("the level is coloured where colours are on", () => {
  equal(
    formatRecord(record({ level: "error" }), true),
    "2026-03-04T08:40:30.123Z \x1b[31mERROR\x1b[0m principal: text",
  );
});

Deno.test("messages below the level are left out, and all after the log is ended", () => {
  const said: string[] = [];
  const logger = getLogger(["cdktr", "test"]);
  {
    using _log = startProcessLog("WARN", { say: (line) => void said.push(line.slice(25)), colours: false });
    logger.info("not said");
    logger.warn("said of {what}", { what: "a\nb" });
    logger.fatal("said too");
  }
  logger.error("too late");
  deepEqual(said, ["WARN  test: said of a\\nb", "ERROR test: said too"]);
});
