/** What the parsers of options let choose from, for those who tell of options without calling them. */

const choicesByParser = new WeakMap<object, readonly string[]>();

/** Notes that `parser` takes one or more of `choices`. */
export function noteChoices(parser: object, choices: readonly string[]): void {
  choicesByParser.set(parser, choices);
}

/** What was noted of `parser`; undefined when nothing was. */
export function choicesOf(parser: object | undefined): readonly string[] | undefined {
  return parser === undefined ? undefined : choicesByParser.get(parser);
}
