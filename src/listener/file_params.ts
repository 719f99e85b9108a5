/** Parameters of a run from the path of a file. */
import { basename, dirname, extname } from "node:path";
import { CdktrError } from "../core/mod.ts";

const parts: Readonly<Record<string, (path: string) => string>> = {
  path: (path) => path,
  name: (path) => basename(path),
  stem: (path) => basename(path, extname(path)),
  directory: (path) => dirname(path),
};

const placeholder = /\{([a-z]+)\}/g;

/**
 * Checks the templates of parameters.
 *
 * @throws {CdktrError} INVALID_ARGUMENT when one names a part that paths do not have.
 */
export function checkFileParams(templates: Readonly<Record<string, string>>): void {
  for (const [name, template] of Object.entries(templates)) {
    for (const [found, part = ""] of template.matchAll(placeholder)) {
      if (Object.hasOwn(parts, part)) continue;
      const known = Object.keys(parts).map((one) => `{${one}}`).join(", ");
      throw new CdktrError("INVALID_ARGUMENT", `The parameter ${name} has ${found}, which is no part of a path.`, {
        hint: `There are ${known}.`,
      });
    }
  }
}

/** The templates with `{path}`, `{name}`, `{stem}` (the name without its last extension) and `{directory}` filled in. */
export function fileParams(templates: Readonly<Record<string, string>>, path: string): Record<string, string> {
  const fill = (template: string) =>
    template.replace(placeholder, (found, part: string) => parts[part]?.(path) ?? found);
  return Object.fromEntries(Object.entries(templates).map(([name, template]) => [name, fill(template)]));
}
