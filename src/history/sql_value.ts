/** Values of DuckDB as values that JSON can hold. */
import {
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { SqlValue } from "./sql_answer.ts";

/** Digits that a double holds whatever they are. */
const exactDigits = 15;

/**
 * `value` for JSON: numbers as numbers where they keep every digit, else as text; times in ISO 8601, those with a time
 * zone in UTC; lists as arrays, structs and maps as objects; everything else (dates, intervals, blobs) as DuckDB prints it.
 */
export function sqlValueOf(value: DuckDBValue): SqlValue {
  switch (typeof value) {
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "string":
    case "boolean":
      return value;
  }
  if (value === null || value === undefined) return null;
  if (value instanceof DuckDBDecimalValue) {
    return value.width <= exactDigits ? Number(value.toString()) : value.toString();
  }
  if (value instanceof DuckDBTimestampTZValue) {
    return value.isFinite ? `${isoOf(value.micros)}Z` : infinityOf(value.micros);
  }
  if (value instanceof DuckDBTimestampValue) return value.isFinite ? isoOf(value.micros) : infinityOf(value.micros);
  if (value instanceof DuckDBTimestampMillisecondsValue) return isoOf(value.millis * 1000n);
  if (value instanceof DuckDBTimestampSecondsValue) return isoOf(value.seconds * 1_000_000n);
  if (value instanceof DuckDBTimestampNanosecondsValue) return isoOf(value.nanos / 1000n);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(sqlValueOf);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, entry]) => [name, sqlValueOf(entry)]));
  }
  if (value instanceof DuckDBMapValue) {
    return Object.fromEntries(value.entries.map(({ key, value }) => [textOf(sqlValueOf(key)), sqlValueOf(value)]));
  }
  if (value instanceof DuckDBUnionValue) return sqlValueOf(value.value);
  return String(value);
}

/** `2026-11-21T10:33:22.023`, to the millisecond; beyond the range of dates, microseconds since 1970. */
function isoOf(micros: bigint): string {
  const date = new Date(Number(micros / 1000n));
  return Number.isNaN(date.getTime()) ? `${micros} microseconds since 1970` : date.toISOString().slice(0, -1);
}

function infinityOf(micros: bigint): string {
  return micros < 0n ? "-infinity" : "infinity";
}

function textOf(value: SqlValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
