/** What is different on each machine and with each run, made the same: addresses, names of agents, ids. */
import type { StyledText } from "./styled_text.ts";

/** Longer than any name of a user and host that it takes the place of. */
const someone = "ada@lab-in-the-north-wing-of-the-second-floor-beside-the-stairs";
const addresses = ["10.2.3.4:5561", "10.20.3.4:5561", "10.20.30.4:5561"];

/** Replaces within the rows of a screen, column by column: what is put in is as long as what it is put in for. */
export function settled(rows: readonly (readonly StyledText[])[]): StyledText[][] {
  const ids = new Map<string, string>();
  const fixedId = (id: string) => {
    const known = id.slice(0, 13);
    const number = ids.get(known) ?? String(ids.size + 1).padStart(4, "0");
    ids.set(known, number);
    return `0198c7a2-${number}-7c10`.slice(0, id.length);
  };
  const fixed = (text: string) =>
    text
      .replace(
        /127\.0\.0\.1:\d{4,5}/g,
        (address) => addresses.find(({ length }) => length === address.length) ?? address,
      )
      .replace(/[\w.-]+@[\w.-]+(?=\/[A-Z]{2})/g, (name) => someone.slice(0, name.length))
      .replace(/01[0-9a-f]{6}-[0-9a-f]{4}(?:-7[0-9a-f]{3})?/g, fixedId);
  return rows.map((texts) => texts.map((text) => ({ ...text, text: fixed(text.text) })));
}
