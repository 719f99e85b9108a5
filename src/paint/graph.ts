/** Graphs as pictures need them: whatever comes in can be ordered. */

/** What a picture needs of a node. */
export interface Node {
  readonly id: string;
  /** Ids of the nodes that come before. */
  readonly depends: readonly string[];
}

/** Nodes without what no picture can show: edges to nobody, to the node itself, drawn twice, or closing a cycle. */
export interface CleanGraph<N extends Node> {
  /** Each node after all its dependencies, otherwise as given. Of several with one id the first. */
  readonly order: readonly N[];
  /** For each id the ids before it. */
  readonly before: ReadonlyMap<string, readonly string[]>;
  /** For each id the ids behind it. */
  readonly after: ReadonlyMap<string, readonly string[]>;
}

/** Makes a graph that has an order out of any nodes. Does not recurse: a chain may be as long as a workflow has tasks. */
export function cleanGraph<N extends Node>(nodes: readonly N[]): CleanGraph<N> {
  const byId = new Map<string, N>();
  for (const node of nodes) if (!byId.has(node.id)) byId.set(node.id, node);
  const order: N[] = [];
  const before = new Map<string, string[]>();
  const after = new Map<string, string[]>();
  const done = new Set<string>();
  for (const root of byId.values()) {
    if (before.has(root.id)) continue;
    before.set(root.id, []);
    const stack = [{ node: root, depends: [...new Set(root.depends)], next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const id = top.depends[top.next];
      if (id === undefined) {
        order.push(top.node);
        done.add(top.node.id);
        stack.pop();
        continue;
      }
      const dependency = byId.get(id);
      const isOpen = before.has(id) && !done.has(id);
      if (dependency === undefined || isOpen) {
        top.next++;
      } else if (done.has(id)) {
        top.next++;
        before.get(top.node.id)?.push(id);
        const behind = after.get(id);
        if (behind === undefined) after.set(id, [top.node.id]);
        else behind.push(top.node.id);
      } else {
        // Looked at again when it is done.
        before.set(id, []);
        stack.push({ node: dependency, depends: [...new Set(dependency.depends)], next: 0 });
      }
    }
  }
  return { order, before, after };
}

/** The nodes in groups that no edge connects, in the order of their first nodes. */
export function componentsOf<N extends Node>({ order, before }: CleanGraph<N>): N[][] {
  const parent = new Map(order.map(({ id }) => [id, id]));
  const rootOf = (id: string): string => {
    let root = id;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
    for (let at = id; at !== root;) {
      const up = parent.get(at) ?? root;
      parent.set(at, root);
      at = up;
    }
    return root;
  };
  for (const { id } of order) {
    for (const other of before.get(id) ?? []) parent.set(rootOf(id), rootOf(other));
  }
  const groups = new Map<string, N[]>();
  for (const node of order) {
    const root = rootOf(node.id);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [node]);
    else group.push(node);
  }
  return [...groups.values()];
}
