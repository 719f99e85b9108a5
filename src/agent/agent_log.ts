/** How an agent talks to its operator. The process log implements it. */
export interface AgentLog {
  /** Normal life. */
  info(sentence: string): void;
  /** Something an operator should know. */
  warn(sentence: string): void;
  /** Something an operator has to act on. */
  error(sentence: string): void;
}
