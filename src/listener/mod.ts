/** Event listeners that come with cdktr: HTTP requests and files. Clients of the principal like any other. */
export { Authority } from "./authority.ts";
export { type BodyMapping, isJsonPointer } from "./body_params.ts";
export { DropFolder } from "./drop_folder.ts";
export { FileListener } from "./file_listener.ts";
export { checkFileParams } from "./file_params.ts";
export { TakenFiles } from "./taken_files.ts";
export { WebhookListener } from "./webhook_listener.ts";
