import { Command } from "@commander-js/extra-typings";
export function manCommand() {
  return new Command("man");
}
