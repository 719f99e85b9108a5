/** Every limit of a workflow file and of the directory it lives in. Errors name the limit and the value seen. */

const mebibyte = 1024 * 1024;

/** Limits of one workflow file. */
export const fileLimits = {
  /** Size of a file in bytes. A file of 10,000 ordinary tasks has about 1.3 MiB. */
  maxFileBytes: 16 * mebibyte,
  /** Tasks of a workflow. */
  maxTasks: 20_000,
  /** How deeply YAML collections may nest. A workflow needs five levels. */
  maxNestingDepth: 64,
  /** Characters and collections of a file once each alias is replaced with what it stands for; refuses alias bombs. */
  maxExpandedChars: 32 * mebibyte,
  /** Characters of a workflow id or task id. */
  maxIdChars: 256,
  /** Characters of the name of a workflow or task. */
  maxNameChars: 256,
  /** Extra tries of a task. */
  maxRetries: 1_000,
  /** The longest timeout in milliseconds: a year. */
  maxTimeoutMs: 366 * 24 * 3_600_000,
  /** Problems reported of one file; the rest is counted. */
  maxProblems: 100,
} as const;

/** Limits of a workflow directory. */
export const directoryLimits = {
  /** Workflow files below the directory. */
  maxFiles: 100_000,
  /** Folders below the directory, each path through a symbolic link counted. */
  maxFolders: 10_000,
  /** How deeply folders may nest. */
  maxFolderDepth: 32,
} as const;
