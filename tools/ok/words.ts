/** Text that ties the repository to one machine: paths that exist only there, and the hosts packages came from. */
import type { Finding } from "./finding.ts";
import type { TextFile } from "./tree.ts";

interface Pattern {
  readonly regex: RegExp;
  readonly what: string;
  /** The one file that may say it. */
  readonly except?: string;
}

const patterns: readonly Pattern[] = [
  {
    regex: /(?<![\w.])\/(?:work|root)\/|\/tmp\/bash_jobs|\/opt\/wheels/,
    what: "a path of one machine",
  },
  {
    regex:
      /\b(?:registry\.(?:npmjs\.org|yarnpkg\.com)|(?:npm\.)?jsr\.io|(?:test\.)?pypi\.org|files\.pythonhosted\.org|deb\.debian\.org|proxy\.golang\.org)\b/,
    what: "the host of a package registry; each machine's own configuration names it",
  },
  { regex: /(?<![\w-])shared\//, what: "a folder outside the repository", except: ".ci/run" },
];

/** Checks every line of a file. */
export function checkWords({ path, text }: TextFile): Finding[] {
  const active = patterns.filter(({ regex, except }) => path !== except && regex.test(text));
  if (active.length === 0) return [];
  return text.split("\n").flatMap((content, index) =>
    active.flatMap(({ regex, what }) => {
      const found = regex.exec(content)?.[0];
      return found === undefined ? [] : [{ path, line: index + 1, rule: "words", sentence: `"${found}" is ${what}` }];
    })
  );
}
