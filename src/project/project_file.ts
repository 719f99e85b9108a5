/** A file that is to be written. */
export interface ProjectFile {
  /** Path below the directory of the project, with `/` between folders. */
  readonly name: string;
  readonly text: string;
}
