/** How the principal talks to its operator. The process log implements it. */
export interface Report {
  /** Normal life. */
  info(sentence: string): void;
  /** Something an operator should know. */
  warn(sentence: string): void;
  /** Something an operator has to act on. */
  error(sentence: string): void;
}
