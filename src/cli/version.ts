/** The version of cdktr. A test keeps it equal to the one in deno.json, which is not read at run time. */
export const version = "0.1.0";
