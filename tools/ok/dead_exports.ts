/**
 * Exports that nobody needs.
 *
 * An export of src/ is alive when another file imports it (product, tools, bench or tests), directly or through a chain
 * of re-exports that ends in an import. A re-export alone keeps nothing alive. A type is also alive when the signature of
 * a living export of the same file mentions it: whoever calls a function must be able to name what it takes and returns.
 */
import ts from "typescript";
import type { Finding } from "./finding.ts";
import type { Export, Module } from "./module.ts";

/** Finds the dead exports of src/ among all code files of the repository. */
export function checkDeadExports(modules: readonly Module[]): Finding[] {
  const living = new Liveness(modules);
  return modules.filter(({ path }) => path.startsWith("src/")).flatMap(({ path, exports }) =>
    exports.filter(({ name }) => name !== "*" && !living.has(path, name)).map(({ name, line, from }) => ({
      path,
      line,
      rule: "dead-exports",
      sentence: from === null
        ? `nothing imports "${name}"; remove it, or the word export when this file needs it`
        : `nothing imports "${name}" from here; remove the re-export`,
    }))
  );
}

/** An export by the file that declares it and its name there. */
interface Origin {
  readonly module: Module;
  readonly entry: Export;
}

class Liveness {
  readonly #modules: ReadonlyMap<string, Module>;
  readonly #living = new Set<string>();

  constructor(modules: readonly Module[]) {
    this.#modules = new Map(modules.map((module) => [module.path, module]));
    for (const { path, imports } of modules) {
      for (const { target, names } of imports) {
        if (target === null || target === path) continue;
        for (const { imported } of names) {
          const all = imported === "*" ? this.#exportedNames(target) : [imported];
          for (const name of all) this.#mark(target, name);
        }
      }
    }
  }

  has(path: string, name: string): boolean {
    return this.#living.has(`${path} ${name}`);
  }

  #mark(path: string, name: string): void {
    if (this.has(path, name)) return;
    this.#living.add(`${path} ${name}`);
    for (const { from } of this.#sources(path, name)) {
      if (from !== null && from.target !== null) this.#mark(from.target, from.name === "*" ? name : from.name);
    }
    const origin = this.#origin(path, name);
    if (origin === null || origin.entry.declaration === null) return;
    const mentioned = new Set<Export>();
    for (const type of mentionedTypes(origin.entry.declaration)) {
      const entry = this.#meaningOf(type, origin.module)?.entry;
      if (entry !== undefined) mentioned.add(entry);
    }
    if (mentioned.size === 0) return;
    for (const sibling of this.#exportedNames(path)) {
      const entry = this.#origin(path, sibling)?.entry;
      if (entry !== undefined && mentioned.has(entry)) this.#mark(path, sibling);
    }
  }

  /** The export entries of a file that can supply a name: the one called so, else every `export *`. */
  #sources(path: string, name: string): readonly Export[] {
    const exports = this.#modules.get(path)?.exports ?? [];
    const named = exports.filter((entry) => entry.name === name);
    return named.length > 0 ? named : exports.filter((entry) => entry.name === "*");
  }

  #exportedNames(path: string, seen = new Set<string>()): string[] {
    if (seen.has(path)) return [];
    seen.add(path);
    return (this.#modules.get(path)?.exports ?? []).flatMap(({ name, from }) =>
      name !== "*" ? [name] : from?.target ? this.#exportedNames(from.target, seen) : []
    );
  }

  /** Follows re-exports to the declaration; null when it lies outside the repository or does not exist. */
  #origin(path: string, name: string, seen = new Set<string>()): Origin | null {
    const module = this.#modules.get(path);
    if (module === undefined || seen.has(`${path} ${name}`)) return null;
    seen.add(`${path} ${name}`);
    for (const entry of this.#sources(path, name)) {
      if (entry.from === null) return { module, entry };
      if (entry.from.target === null) continue;
      const origin = this.#origin(entry.from.target, entry.from.name === "*" ? name : entry.from.name, seen);
      if (origin !== null) return origin;
    }
    return null;
  }

  /** What a type's name means in a file: a declaration of its own, or what it imported under that name. */
  #meaningOf(typeName: string, module: Module): Origin | null {
    const [first = "", member] = typeName.split(".");
    for (const { target, names } of module.imports) {
      const binding = names.find(({ local }) => local === first);
      if (binding === undefined || target === null) continue;
      return this.#origin(target, binding.imported === "*" ? member ?? "" : binding.imported);
    }
    return this.#origin(module.path, first);
  }
}

/** The names of types in a declaration's signature: everything but the bodies of its functions. */
function mentionedTypes(declaration: ts.Node): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeReferenceNode(node)) names.add(node.typeName.getText());
    if (ts.isExpressionWithTypeArguments(node)) names.add(node.expression.getText());
    ts.forEachChild(node, (child) => {
      if (!(ts.isBlock(child) && ts.isFunctionLike(node))) visit(child);
    });
  };
  visit(declaration);
  return names;
}
