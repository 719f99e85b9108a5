/** The least program that shows something with Ink, set as ours is. */
import process from "node:process";

process.env["NODE_ENV"] = "production";
const { createElement } = await import("react");
const { render, Text } = await import("ink");
render(createElement(Text, null, "a bare frame"), { incrementalRendering: true, patchConsole: false });
setInterval(() => {}, 60_000);
