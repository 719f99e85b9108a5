/** cdktr's verbs and log lines as bytes; both ends share it. */
export {
  encodeRecentStatuses,
  encodeRegisteredAgents,
  maxRecentStatuses,
  parseRecentStatuses,
  parseRegisteredAgents,
  type RecentStatus,
  type RegisteredAgent,
} from "./agent_status.ts";
export { encodeText } from "./fields.ts";
export {
  type EncodedLogChunk,
  encodeLogRequest,
  gapEntry,
  isGapEntry,
  linesOfEntry,
  type LogChunk,
  type LogEntry,
  type LogStream,
  maxLogChunks,
  maxLogEntries,
} from "./log_batch.ts";
export { encodeFormattedLines, formatLogLine, parseFormattedLines } from "./log_format.ts";
export {
  encodeLogLine,
  type LogLevel,
  type LogLine,
  logPayload,
  type ParsedLogLine,
  parseLogLine,
  workflowTopic,
} from "./log_line.ts";
export { encodeVerbError, encodeVerbReply, encodeVerbRequest, parseVerbReply, parseVerbRequest } from "./messages.ts";
export { fromLogLine, toLogLine } from "./named_line.ts";
export {
  encodeReply,
  isUnrecognisedVerb,
  noSuchWorkflowReply,
  type OriginalReply,
  type ParsedReply,
  parseErrorReply,
  parseReply,
  unrecognisedVerbReply,
} from "./original_reply.ts";
export {
  encodeRequest,
  type OriginalRequest,
  type ParsedRequest,
  parseRequest,
  type QueryLogsRequest,
  type TaskStatusRequest,
  type WorkflowStatusRequest,
} from "./original_request.ts";
export { type OriginalStatus, toOriginalStatus } from "./original_status.ts";
export { encodeWorkflowDocument, encodeWorkflowDocuments, featuresBeyondOriginal } from "./workflow_document.ts";
export { parseWorkflowDocument, parseWorkflowDocuments } from "./workflow_reader.ts";
export {
  beyondOriginal,
  isVerb,
  labelOffer,
  labelsAmong,
  maxOutlived,
  maxPageLines,
  maxPageRuns,
  maxQueryRows,
  maxReports,
  maxSentenceChars,
  maxWaitMs,
  paramName,
  protocolVersion,
  type ReplyTo,
  type RequestOf,
  type Verb,
  verbs,
  type WireLogLine,
  type WorkflowSummary,
} from "./verbs.ts";
