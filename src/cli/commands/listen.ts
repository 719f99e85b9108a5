/** `cdktr listen`: event listeners, until they are told to stop. */
import { Command } from "@commander-js/extra-typings";
import type { Invocation } from "../invocation.ts";
import { listenFilesCommand } from "./listen_files.ts";
import { listenWebhookCommand } from "./listen_webhook.ts";

export function listenCommand(invocation: Invocation) {
  return new Command("listen")
    .description(
      "Run workflows for what happens elsewhere. A listener is a process of its own; it runs until Ctrl-C or a request to " +
        "terminate, and ends in good order. docs/listeners.md tells more, and how to write others.",
    )
    .addCommand(listenWebhookCommand(invocation))
    .addCommand(listenFilesCommand(invocation));
}
