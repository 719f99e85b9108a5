/** What a setting is: its name, what it accepts, its default, and how text becomes its value. */
import { contextsForm, type NamedAddress, parseContexts } from "./contexts.ts";
import { parseRetention, retentionForm, type RetentionLimit } from "./retention.ts";

/** What a path may refer to. */
export interface PathScope {
  /** The home directory, put in place of `$HOME`; `undefined` where the environment names none. */
  readonly home: string | undefined;
  /** Put in place of `$CDKTR_APP_DATA_DIRECTORY`; `undefined` while that setting itself is read. */
  readonly appDataDirectory: string | undefined;
}

/** What the number of a setting counts. */
export type Unit = "ms" | "s" | "days" | "bytes";

/** Text read as a value, or the end of the sentence "X is ..., but ...". */
export type Reading<Value> = { readonly value: Value } | { readonly problem: string };

/** One setting. Text from a flag, the environment, `.env` and the default all go through the same {@linkcode Setting.read}. */
export interface Setting<Value> {
  /** Its environment variable. */
  readonly variable: `CDKTR_${string}`;
  /** Which of the seven kinds it is, for documentation. */
  readonly kind: "integer" | "text" | "path" | "choice" | "list" | "retention" | "contexts";
  /** What its number counts; absent where it is no number or a plain count. */
  readonly unit?: Unit;
  /** What is accepted, as in "it must be ...". */
  readonly accepts: string;
  /** What can be chosen from; absent where it is no choice. */
  readonly choices?: readonly string[];
  /** The text used when no source gives any. Empty where the value is then an empty list. */
  readonly defaultText: string;
  /** One sentence on what it does. */
  readonly description: string;
  /** Whether its value must not be shown. */
  readonly secret: boolean;
  /** Reads text. It is empty only if that is the default. */
  readonly read: (text: string, scope: PathScope) => Reading<Value>;
}

/** The type of a setting's value. */
export type ValueOf<S> = S extends Setting<infer Value> ? Value : never;

/** A whole number from `min` to `max`. */
export function integer(
  variable: Setting<number>["variable"],
  about: { min: number; max: number; unit?: Unit; default: number; description: string },
): Setting<number> {
  const unitNames = { ms: " of milliseconds", s: " of seconds", days: " of days", bytes: " of bytes" };
  const accepts = `a whole number${about.unit ? unitNames[about.unit] : ""} from ${about.min} to ${about.max}`;
  return {
    variable,
    kind: "integer",
    ...(about.unit ? { unit: about.unit } : {}),
    accepts,
    defaultText: String(about.default),
    description: about.description,
    secret: false,
    read: (text) => {
      const value = /^\+?\d+$/.test(text.trim()) ? Number(text) : NaN;
      return value >= about.min && value <= about.max ? { value } : { problem: `it must be ${accepts}` };
    },
  };
}

/** Text that matches `pattern`. `secret` text is masked wherever settings are shown. */
export function text(
  variable: Setting<string>["variable"],
  about: { pattern: RegExp; accepts: string; default: string; description: string; secret?: boolean },
): Setting<string> {
  return {
    variable,
    kind: "text",
    accepts: about.accepts,
    defaultText: about.default,
    description: about.description,
    secret: about.secret ?? false,
    read: (text) => about.pattern.test(text) ? { value: text } : { problem: `it must be ${about.accepts}` },
  };
}

/** The places a path may begin with, longest name first so that none is cut short. */
const pathVariables = /^~(?=\/|$)|\$(?:CDKTR_APP_DATA_DIRECTORY|HOME)/g;

/** A path. `$HOME`, at the beginning `~` too, and `$CDKTR_APP_DATA_DIRECTORY` in it are replaced; a relative one stays relative to the working directory. */
export function path(
  variable: Setting<string>["variable"],
  about: { default: string; description: string },
): Setting<string> {
  return {
    variable,
    kind: "path",
    accepts: "a path",
    defaultText: about.default,
    description: about.description,
    secret: false,
    read: (text, scope) => {
      if (text.includes("\0")) return { problem: "a path cannot hold a NUL character" };
      let problem: string | undefined;
      const value = text.replace(pathVariables, (name) => {
        const isData = name === "$CDKTR_APP_DATA_DIRECTORY";
        const directory = isData ? scope.appDataDirectory : scope.home;
        if (directory === undefined) problem = `${isData ? name.slice(1) : "HOME"} is not set`;
        return directory ?? "";
      });
      return problem === undefined ? { value } : { problem };
    },
  };
}

/** One of `choices`, in upper or lower case. */
export function choice<const Choice extends string>(
  variable: Setting<Choice>["variable"],
  about: { choices: readonly Choice[]; default: NoInfer<Choice>; description: string },
): Setting<Choice> {
  const accepts = `one of ${about.choices.join(", ")}`;
  return {
    variable,
    kind: "choice",
    choices: about.choices,
    accepts,
    defaultText: about.default,
    description: about.description,
    secret: false,
    read: (text) => {
      const wanted = text.trim().toUpperCase();
      const value = about.choices.find((one) => one.toUpperCase() === wanted);
      return value === undefined ? { problem: `it must be ${accepts}` } : { value };
    },
  };
}

/** Words between commas, each of which matches `pattern`; none by default. Blanks around them and repetitions do not count. */
export function list(
  variable: Setting<readonly string[]>["variable"],
  about: { pattern: RegExp; maxCount: number; accepts: string; description: string },
): Setting<readonly string[]> {
  return {
    variable,
    kind: "list",
    accepts: about.accepts,
    defaultText: "",
    description: about.description,
    secret: false,
    read: (text) => {
      const words = text.split(",").map((word) => word.trim());
      const value = text === "" ? [] : [...new Set(words)];
      const isAccepted = value.length <= about.maxCount && value.every((word) => about.pattern.test(word));
      return isAccepted ? { value } : { problem: `it must be ${about.accepts}` };
    },
  };
}

/** How long something is kept, and how much of it. */
export function retention(
  variable: Setting<RetentionLimit>["variable"],
  about: { default: string; description: string },
): Setting<RetentionLimit> {
  return {
    variable,
    kind: "retention",
    accepts: retentionForm,
    defaultText: about.default,
    description: about.description,
    secret: false,
    read: (text) => {
      const value = parseRetention(text);
      return value === null ? { problem: `it must be ${retentionForm}` } : { value };
    },
  };
}

/** Principals by name; none by default. */
export function contexts(
  variable: Setting<readonly NamedAddress[]>["variable"],
  about: { description: string },
): Setting<readonly NamedAddress[]> {
  return {
    variable,
    kind: "contexts",
    accepts: contextsForm,
    defaultText: "",
    description: about.description,
    secret: false,
    read: parseContexts,
  };
}
