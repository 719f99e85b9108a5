/** How a room talks to the operator of its process. The process log implements it. */
export interface OperatorLog {
  /** Normal life. */
  info(sentence: string): void;
  /** Something an operator should know. */
  warn(sentence: string): void;
  /** Something an operator has to act on. */
  error(sentence: string): void;
}
