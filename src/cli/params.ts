/** Parameters of a run as they are given on the command line. */
import { CdktrError, paramKey } from "../core/mod.ts";

/** The flag that gives a parameter. */
export const paramFlags = "-p, --param <key=value>";
/** What {@linkcode paramFlags} means. */
export const paramText =
  "a parameter of the run, which its tasks find in CDKTR_PARAM_<KEY>; may be given several times";

/**
 * Adds one `key=value` to those already given; a parser for commander.
 *
 * @throws {CdktrError} INVALID_PARAMETERS.
 */
export function addParam(text: string, given: Readonly<Record<string, string>>): Record<string, string> {
  const equals = text.indexOf("=");
  const key = equals === -1 ? text : text.slice(0, equals);
  const refuse = (why: string) => {
    throw new CdktrError("INVALID_PARAMETERS", `The parameter ${JSON.stringify(text)} cannot be used: ${why}.`, {
      hint: "Give it as key=value, such as -p date=2026-03-01.",
    });
  };
  if (equals === -1) refuse("it has no `=`");
  if (!paramKey.test(key)) refuse("a name has letters, digits and _, at most 64, and no digit in front");
  if (Object.hasOwn(given, key)) refuse(`${key} is given twice`);
  return { ...given, [key]: text.slice(equals + 1) };
}
