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
  /** The longest timeout, and the longest pause between two tries, in milliseconds: a year. */
  maxTimeoutMs: 366 * 24 * 3_600_000,
  /** By how much the pause between two tries may grow each time. */
  maxRetryFactor: 100,
  /** Declared parameters of a workflow; a run takes no more. */
  maxParams: 100,
  /** Characters of a parameter's value. */
  maxParamChars: 32_768,
  /** Characters of the value of a parameter that has a pattern, and of the pattern. */
  maxMatchedChars: 4_096,
  /** Steps of a pattern once its repetitions are written out: `[a-z]{2,8}` has eight. */
  maxPatternSteps: 2_000,
  /** Values to choose from for one parameter. */
  maxChoices: 1_000,
  /** Missed due times that are made up. */
  maxCatchup: 1_000,
  /** Labels of a workflow. */
  maxLabels: 16,
  /** Characters of a label. */
  maxLabelChars: 64,
  /** How far a priority is from 0, in either direction. */
  maxPriority: 100,
  /** The longest time that log lines are kept, in milliseconds: ten years. */
  maxLogRetentionMs: 3_660 * 24 * 3_600_000,
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
