/** The comments of a parsed file. The syntax tree has no nodes for them; they lie between its tokens. */
import ts from "typescript";

/** A comment and where it stands, as offsets into the file's text. */
export interface Comment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Every comment of a file, in order. Strings and templates that look like comments are none. */
export function commentsOf(tree: ts.SourceFile): Comment[] {
  const byStart = new Map<number, Comment>();
  const add = (ranges: readonly ts.CommentRange[] | undefined) => {
    for (const { pos, end } of ranges ?? []) byStart.set(pos, { start: pos, end, text: tree.text.slice(pos, end) });
  };
  const visit = (node: ts.Node): void => {
    // Doc comments are children of what they document; the token behind them yields them as well.
    const children = node.getChildren(tree).filter(({ kind }) =>
      kind < ts.SyntaxKind.FirstJSDocNode || kind > ts.SyntaxKind.LastJSDocNode
    );
    if (children.length > 0) return children.forEach(visit);
    add(ts.getLeadingCommentRanges(tree.text, node.getFullStart()));
    add(ts.getTrailingCommentRanges(tree.text, node.getEnd()));
  };
  visit(tree);
  return [...byStart.values()].sort((a, b) => a.start - b.start);
}
