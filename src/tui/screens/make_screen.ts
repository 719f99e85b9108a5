/** From where one wants to go to the screen that shows it. */
import type { Messages } from "../messages.ts";
import type { Route, Screen, Shell } from "../screen.ts";
import { AgentsScreen } from "./agents.ts";
import { DialectScreen } from "./dialect_screen.ts";
import { LogsScreen } from "./logs.ts";
import { MessagesScreen } from "./messages.ts";
import { OverviewScreen } from "./overview.ts";
import { RecentRunsScreen } from "./recent_runs.ts";
import { RunScreen } from "./run.ts";
import { RunsScreen } from "./runs.ts";
import { ScheduleScreen } from "./schedule.ts";
import { WorkflowScreen } from "./workflow.ts";
import { WorkflowsScreen } from "./workflows.ts";

/** Makes the screen of a route. */
export function makeScreen(route: Route, shell: Shell & { readonly messages: Messages }): Screen {
  switch (route.screen) {
    case "overview":
      return new OverviewScreen(shell);
    case "workflows":
      return new WorkflowsScreen(shell);
    case "workflow":
      return new WorkflowScreen(shell, route);
    case "runs":
      return new DialectScreen(
        shell,
        (isOriginal) => isOriginal ? new RecentRunsScreen(shell, route.filter) : new RunsScreen(shell, route.filter),
      );
    case "run":
      return new RunScreen(shell, route);
    case "logs":
      return new LogsScreen(shell, route);
    case "agents":
      return new AgentsScreen(shell);
    case "schedule":
      return new ScheduleScreen(shell);
    case "messages":
      return new MessagesScreen(shell, shell.messages);
  }
}
