/** The screens that have a key of their own. The original's two tabs keep their keys. */
import type { Route } from "./screen.ts";

/** A screen, its key and its name. */
export interface Place {
  readonly key: string;
  readonly title: string;
  readonly route: Route;
}

/** In the order of their keys. */
export const places: readonly Place[] = [
  { key: "0", title: "Overview", route: { screen: "overview" } },
  { key: "1", title: "Workflows", route: { screen: "workflows" } },
  { key: "2", title: "Admin", route: { screen: "messages" } },
  { key: "3", title: "Runs", route: { screen: "runs" } },
  { key: "4", title: "Logs", route: { screen: "logs" } },
  { key: "5", title: "Agents", route: { screen: "agents" } },
  { key: "6", title: "Schedule", route: { screen: "schedule" } },
];
