/** The least program that shows something with Ink (React for terminals), which many interfaces of this kind are made with. */
import process from "node:process";

process.env["NODE_ENV"] = "production";
const { createElement } = await import("npm:react@19.3.1");
const { render, Text } = await import("npm:ink@8.0.0");
render(createElement(Text, null, "a bare frame"), { incrementalRendering: true, patchConsole: false });
setInterval(() => {}, 60_000);
