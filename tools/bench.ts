/**
 * The benchmarks: `deno task bench` runs all, `deno task bench zmtp journal` the named ones, one after the other so that
 * they do not disturb each other. Every file that lies in bench/ itself is one; what they share lies in a folder below.
 */
const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

const names: string[] = [];
for await (const entry of Deno.readDir(`${root}/bench`)) {
  if (entry.isFile && entry.name.endsWith(".ts")) names.push(entry.name.replace(/\.ts$/, ""));
}
names.sort();

const wanted = Deno.args.map((argument) => argument.replace(/^(\.\/)?bench\//, "").replace(/\.ts$/, ""));
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`there is no benchmark "${unknown}"; there are: ${names.join(", ")}`);
  Deno.exit(2);
}

let failed = 0;
for (const name of wanted.length > 0 ? wanted : names) {
  console.log(`\n== bench/${name}.ts`);
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `bench/${name}.ts`],
    cwd: root,
  }).spawn().status;
  if (!success) failed++;
}
if (failed > 0) console.error(`\n${failed} of the benchmarks failed`);
Deno.exit(failed === 0 ? 0 : 1);
