/** A code file as the checks see it: its imports and exports, read from TypeScript's own syntax tree. */
import ts from "typescript";
import type { TextFile } from "./tree.ts";

/** One name an import binds, or `*` for all that the other module exports. */
export interface ImportedName {
  readonly imported: string;
  /** What it is called in the importing file; null when nothing is bound. */
  readonly local: string | null;
}

/** One edge from a file to another module. */
export interface Import {
  readonly specifier: string;
  /** The file it means, relative to the repository's root; null for packages and built-in modules. */
  readonly target: string | null;
  readonly line: number;
  /**
   * `static`: an import or re-export statement. `lazy`: `import("…")`, also as a type. `url`: `new URL("…", import.meta.url)`,
   * as workers are started.
   */
  readonly kind: "static" | "lazy" | "url";
  /** Empty for a re-export: whether its names are used is up to whoever imports them from here. */
  readonly names: readonly ImportedName[];
}

/** One name a file exports. */
export interface Export {
  /** `*` for `export * from`. */
  readonly name: string;
  readonly line: number;
  /** Where it comes from when it is a re-export; its name there. */
  readonly from: { readonly target: string | null; readonly name: string } | null;
  /** The declaration when it stands in this file; null when it is a re-export. */
  readonly declaration: ts.Node | null;
}

/** A parsed code file. */
export interface Module extends TextFile {
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
}

/** Whether a path is a file that {@linkcode parseModule} reads. */
export function isCode(path: string): boolean {
  return /\.(ts|tsx|mts|js|mjs)$/.test(path);
}

/** The line a node begins in, counted from 1. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

/** Parses a code file. Never throws: what does not parse is left to the compiler to report. */
export function parseModule({ path, text }: TextFile): Module {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const exports: Export[] = [];
  const addImport = (node: ts.Node, specifier: string, kind: Import["kind"], names: readonly ImportedName[]) => {
    imports.push({ specifier, target: resolve(path, specifier), line: lineOf(tree, node), kind, names });
  };

  for (const statement of tree.statements) {
    if (ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)) {
      addImport(statement, statement.moduleSpecifier.text, "static", importedNames(statement.importClause));
    } else if (ts.isExportDeclaration(statement)) {
      const specifier = statement.moduleSpecifier;
      const source = specifier !== undefined && ts.isStringLiteral(specifier) ? specifier.text : null;
      if (source !== null) {
        const isNamespace = statement.exportClause !== undefined && ts.isNamespaceExport(statement.exportClause);
        addImport(statement, source, "static", isNamespace ? [{ imported: "*", local: null }] : []);
      }
      exports.push(...reexports(tree, path, statement, source));
    } else {
      exports.push(...declaredExports(tree, statement));
    }
  }
  const visit = (node: ts.Node): void => {
    const lazy = lazySpecifier(node);
    if (lazy !== null) addImport(node, lazy.specifier, lazy.kind, [{ imported: "*", local: null }]);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { path, text, tree, imports, exports };
}

/** The file a relative specifier means; null for packages, built-in modules and addresses. */
export function resolve(fromPath: string, specifier: string): string | null {
  if (!specifier.startsWith("./") && !specifier.startsWith("../")) return null;
  const parts = fromPath.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function importedNames(clause: ts.ImportClause | undefined): ImportedName[] {
  if (clause === undefined) return [];
  const names: ImportedName[] = [];
  if (clause.name !== undefined) names.push({ imported: "default", local: clause.name.text });
  const bindings = clause.namedBindings;
  if (bindings !== undefined && ts.isNamespaceImport(bindings)) {
    names.push({ imported: "*", local: bindings.name.text });
  }
  if (bindings !== undefined && ts.isNamedImports(bindings)) {
    for (const element of bindings.elements) {
      names.push({ imported: (element.propertyName ?? element.name).text, local: element.name.text });
    }
  }
  return names;
}

function reexports(tree: ts.SourceFile, path: string, node: ts.ExportDeclaration, source: string | null): Export[] {
  const target = source === null ? null : resolve(path, source);
  const clause = node.exportClause;
  if (clause === undefined) {
    return [{ name: "*", line: lineOf(tree, node), from: { target, name: "*" }, declaration: null }];
  }
  if (ts.isNamespaceExport(clause)) {
    return [{ name: clause.name.text, line: lineOf(tree, node), from: null, declaration: clause }];
  }
  return clause.elements.map((element) => {
    const name = element.name.text;
    const original = (element.propertyName ?? element.name).text;
    const line = lineOf(tree, element);
    if (source !== null) return { name, line, from: { target, name: original }, declaration: null };
    return { name, line, from: null, declaration: declarationNamed(tree, original) ?? element };
  });
}

function declaredExports(tree: ts.SourceFile, statement: ts.Statement): Export[] {
  if (ts.isExportAssignment(statement)) {
    return [{ name: "default", line: lineOf(tree, statement), from: null, declaration: statement }];
  }
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) ?? [] : [];
  if (!modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) return [];
  const isDefault = modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword);
  return declaredNames(statement).map(({ name, node }) => ({
    name: isDefault ? "default" : name,
    line: lineOf(tree, node),
    from: null,
    declaration: node,
  }));
}

function declaredNames(statement: ts.Statement): { name: string; node: ts.Node }[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap((declaration) =>
      boundNames(declaration.name).map((name) => ({ name, node: declaration }))
    );
  }
  const isNamed = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement) || ts.isEnumDeclaration(statement);
  return isNamed ? [{ name: statement.name?.text ?? "default", node: statement }] : [];
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => ts.isBindingElement(element) ? boundNames(element.name) : []);
}

function declarationNamed(tree: ts.SourceFile, name: string): ts.Node | null {
  for (const statement of tree.statements) {
    const found = declaredNames(statement).find((declared) => declared.name === name);
    if (found !== undefined) return found.node;
  }
  return null;
}

function lazySpecifier(node: ts.Node): { specifier: string; kind: "lazy" | "url" } | null {
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, kind: "lazy" };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const specifier = literalText(node.arguments[0]);
    return specifier === null ? null : { specifier, kind: "lazy" };
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "URL") {
    const specifier = literalText(node.arguments?.[0]);
    if (specifier === null || node.arguments?.[1]?.getText() !== "import.meta.url" || !isCode(specifier)) return null;
    return { specifier, kind: "url" };
  }
  return null;
}

function literalText(node: ts.Expression | undefined): string | null {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : null;
}
