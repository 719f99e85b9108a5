import { deepEqual, equal, match, throws } from "node:assert/strict";
import { formatAddress, parseAddress } from "../../src/config/address.ts";
import { listSettings, loadConfig } from "../../src/config/mod.ts";

function load(contexts: string) {
  const environment = { HOME: "/home/ada", CDKTR_CONTEXTS: contexts };
  return loadConfig({ environment, workingDirectory: "/", readTextFile: () => undefined });
}

const addresses: readonly (readonly [text: string, host: string, port: number, logsPublishingPort: number])[] = [
  ["prod.example.org", "prod.example.org", 5561, 5563],
  ["prod.example.org:5571", "prod.example.org", 5571, 5563],
  ["10.0.0.7:5571:5573", "10.0.0.7", 5571, 5573],
  ["[fd00::7]", "fd00::7", 5561, 5563],
  ["[fe80::1%eth0]:1:65535", "fe80::1%eth0", 1, 65535],
];
for (const [text, host, port, logsPublishingPort] of addresses) {
  Deno.test(`the address ${text} is read, and is the same one when it is written out`, () => {
    const value = { host, port, logsPublishingPort };
    deepEqual(parseAddress(text), { value });
    deepEqual(parseAddress(formatAddress(value)), { value });
  });
}

const badAddresses: readonly (readonly [text: string, problem: RegExp])[] = [
  ["", /^has no host$/],
  [":5561", /^has no host$/],
  ["[]:5561", /^has no host$/],
  ["two words", /^has the host "two words", which cannot be one$/],
  ["http://prod", /^has the port "\/\/prod", which is no whole number from 1 to 65535$/],
  ["prod:0", /^has the port "0"/],
  ["prod:65536", /^has the port "65536"/],
  ["prod:5561:", /^has the port ""/],
  ["prod:1:2:3", /^has more than two ports; an IPv6 address needs brackets$/],
  ["fd00::7", /^needs brackets around its IPv6 address$/],
  ["[prod]:1", /^has something in brackets that is no IPv6 address$/],
  ["[fd00::7]5561", /^has something between the host and the port$/],
];
for (const [text, problem] of badAddresses) {
  Deno.test(`the address ${JSON.stringify(text)} is refused with what is wrong`, () => {
    const reading = parseAddress(text);
    match("problem" in reading ? reading.problem : "", problem);
  });
}

Deno.test("contexts are principals by name, in their order; there are none by default", () => {
  deepEqual(load("").contexts, []);
  deepEqual(load(" prod=prod.example.org , lab-2 = [::1]:7 ").contexts, [
    { name: "prod", host: "prod.example.org", port: 5561, logsPublishingPort: 5563 },
    { name: "lab-2", host: "::1", port: 7, logsPublishingPort: 5563 },
  ]);
});

const refused: readonly (readonly [text: string, problem: string])[] = [
  ["prod", 'its part 1, "prod", has no "=" between a name and an address'],
  ["a=h,", 'its part 2, "", has no "=" between a name and an address'],
  ["a=h,Prod=h", 'its part 2, "Prod=h", needs a name of a-z, 0-9, - and _ before the "=", at most 32'],
  ["=h", 'its part 1, "=h", needs a name of a-z, 0-9, - and _ before the "=", at most 32'],
  ["a=h,a=i", 'its part 2, "a=i", is the second one called a'],
  ["default=h", 'its part 1, "default=h", is called default, which is the principal that the other settings tell'],
  ["a=h:x", 'its part 1, "a=h:x", has the port "x", which is no whole number from 1 to 65535'],
  [Array.from({ length: 101 }, (_, at) => `c${at}=h`).join(), "it has more than 100 contexts"],
];
for (const [text, problem] of refused) {
  Deno.test(`contexts are refused with what is wrong and where: ${problem}`, () => {
    throws(() => load(text), {
      code: "INVALID_SETTING",
      message: `CDKTR_CONTEXTS is ${JSON.stringify(text)} (from the environment), but ${problem}.`,
    });
  });
}

Deno.test("contexts are listed as they may be written", () => {
  const rows = listSettings(load("prod=prod.example.org,lab=[::1]:7"));
  const row = rows.find(({ name }) => name === "CDKTR_CONTEXTS");
  equal(row?.value, "prod=prod.example.org:5561:5563,lab=[::1]:7:5563");
});
