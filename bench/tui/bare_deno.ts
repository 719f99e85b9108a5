/** The least program that shows something at all. */
Deno.stdout.writeSync(new TextEncoder().encode("a bare line"));
setInterval(() => {}, 60_000);
