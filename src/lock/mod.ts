/** Locks between processes. */
export { type FileLock, tryLockFile } from "./file_lock.ts";
