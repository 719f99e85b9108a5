/**
 * Where the executable unpacks DuckDB's library (tools/compile/). What loads the library runs while a module is being loaded and
 * can be given nothing, so it looks here. From source the library stands where it was installed, and nobody looks.
 */
const key = Symbol.for("cdktr.libraryCache");

/** Says it to this thread. To be called before anything is imported that imports DuckDB. */
export function setLibraryCache(directory: string): void {
  Reflect.set(globalThis, key, directory);
}

/** What was said; null for nothing. */
export function libraryCache(): string | null {
  const directory: unknown = Reflect.get(globalThis, key);
  return typeof directory === "string" ? directory : null;
}
