/** The C library of Linux, for what Deno has no way to: loaded only by those who ask for it. */
import { CdktrError, messageOf } from "../../core/mod.ts";

const symbols = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  // Waits in a thread of its own when the receiver is slow, while the event loop goes on.
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize", nonblocking: true },
  close: { parameters: ["i32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  adjtimex: { parameters: ["buffer"], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
} as const;

/** The functions used of it, as the C library has them. */
export type Libc = Deno.DynamicLibrary<typeof symbols>;

let loaded: Libc | null = null;

/**
 * Loads the library, once.
 *
 * @throws {CdktrError} UNSUPPORTED on another system than Linux, or where the library cannot be loaded.
 */
export function libc(): Libc {
  if (loaded !== null) return loaded;
  try {
    if (Deno.build.os !== "linux") throw new Error("this system is not Linux");
    return loaded = Deno.dlopen("libc.so.6", symbols);
  } catch (cause) {
    throw new CdktrError("UNSUPPORTED", `The C library cannot be called: ${messageOf(cause)}.`, { cause });
  }
}

/** `CLOCK_MONOTONIC` of `time.h`: since the machine started, without the time it slept. */
const clockMonotonic = 1;

/** What the clock that systemd measures by shows, in microseconds. */
export function monotonicUsec(): bigint {
  const time = new BigInt64Array(2); // struct timespec on 64 bits: seconds, nanoseconds
  if (libc().symbols.clock_gettime(clockMonotonic, time) !== 0) {
    throw new CdktrError("INTERNAL", "The monotonic clock cannot be read.");
  }
  const [seconds = 0n, nanoseconds = 0n] = time;
  return seconds * 1_000_000n + nanoseconds / 1000n;
}

/** What `adjtimex(2)` returns while nobody keeps the clock in time. */
const timeError = 5;
/** More than `struct timex` has on 64 bits (208). All of it 0 asks and changes nothing. */
const timexBytes = 256;

/** Whether some program keeps the system's clock in time, as the kernel knows it: timesyncd, chrony and ntpd all tell it. */
export function isClockSynchronised(): boolean {
  const state = libc().symbols.adjtimex(new Uint8Array(timexBytes));
  if (state < 0) throw new CdktrError("UNSUPPORTED", "The system does not tell whether its clock is kept in time.");
  return state !== timeError;
}

/** `RLIMIT_NOFILE` of `sys/resource.h`. */
const rlimitNofile = 7;
/** `RLIM_INFINITY`. */
const noLimit = 2n ** 64n - 1n;

/** How many files this process may have open. The runtime has raised its own limit as far as it may. */
export function filesMax(): number {
  const limit = new BigUint64Array(2); // struct rlimit: the soft limit, the hard one
  if (libc().symbols.getrlimit(rlimitNofile, limit) !== 0) {
    throw new CdktrError("INTERNAL", "The limit of open files cannot be read.");
  }
  const [soft = noLimit] = limit;
  return soft === noLimit ? Infinity : Number(soft);
}
