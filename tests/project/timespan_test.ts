import { equal } from "node:assert/strict";
import { everyTimespan, timespanMs } from "../../src/project/systemd/timespan.ts";

Deno.test("spans are read as systemd reads them", () => {
  const spans: Readonly<Record<string, number | null>> = {
    "90": 90_000,
    "1.5": 1_500,
    "5min": 300_000,
    "5min 20s": 320_000,
    "1h30m": 5_400_000,
    "2 hours": 7_200_000,
    "1w 1d": 691_200_000,
    "250ms": 250,
    infinity: Infinity,
    "": null,
    soon: null,
    "5 apples": null,
    "5min, 3s": null,
  };
  for (const [text, ms] of Object.entries(spans)) equal(timespanMs(text), ms, text);
});

Deno.test("a span that divides a minute, an hour or a day makes a schedule, and no other does", () => {
  const schedules: Readonly<Record<string, string | null>> = {
    "1s": "* * * * * *",
    "15s": "*/15 * * * * *",
    "1min": "* * * * *",
    "5min": "*/5 * * * *",
    "1h": "0 * * * *",
    "6h": "0 */6 * * *",
    "1d": "0 0 * * *",
    "1w": "0 0 * * 1",
    "7min": null,
    "90s": null,
    "90min": null,
    "5h": null,
    "2d": null,
    "500ms": null,
    "0": null,
    infinity: null,
  };
  for (const [text, cron] of Object.entries(schedules)) equal(everyTimespan(timespanMs(text) ?? NaN), cron, text);
});
