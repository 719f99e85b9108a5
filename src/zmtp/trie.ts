/**
 * Which subscribers have a prefix of a topic, in one walk over its bytes. Edges carry whole runs of bytes, so that memory
 * goes with the number of subscriptions and not with their length.
 */

interface Node<Subscriber> {
  /** The bytes between the parent and this node. */
  edge: Uint8Array;
  /** By the first byte of their edge. */
  readonly children: Map<number, Node<Subscriber>>;
  readonly subscribers: Set<Subscriber>;
}

function newNode<Subscriber>(edge: Uint8Array): Node<Subscriber> {
  return { edge, children: new Map(), subscribers: new Set() };
}

/** A set of pairs of prefix and subscriber. */
export class PrefixTrie<Subscriber> {
  readonly #root = newNode<Subscriber>(new Uint8Array());

  /** Adds a pair; adding it twice changes nothing. The prefix is copied. */
  add(prefix: Uint8Array, subscriber: Subscriber): void {
    let node = this.#root;
    let at = 0;
    while (at < prefix.length) {
      const child = node.children.get(prefix[at] ?? 0);
      if (!child) {
        const leaf = newNode<Subscriber>(prefix.slice(at));
        node.children.set(prefix[at] ?? 0, leaf);
        node = leaf;
        break;
      }
      const shared = sharedBytes(child.edge, prefix, at);
      node = shared === child.edge.length ? child : split(node, child, shared);
      at += shared;
    }
    node.subscribers.add(subscriber);
  }

  /** Removes a pair, if it is there. */
  remove(prefix: Uint8Array, subscriber: Subscriber): void {
    const path: Node<Subscriber>[] = [this.#root];
    let node = this.#root;
    let at = 0;
    while (at < prefix.length) {
      const child = node.children.get(prefix[at] ?? 0);
      if (!child || sharedBytes(child.edge, prefix, at) < child.edge.length) return;
      at += child.edge.length;
      path.push(child);
      node = child;
    }
    node.subscribers.delete(subscriber);
    this.#prune(path);
  }

  /** Calls `visit` for each pair whose prefix begins `topic`: for a subscriber with several, several times. */
  match(topic: Uint8Array, visit: (subscriber: Subscriber) => void): void {
    let node = this.#root;
    let at = 0;
    for (;;) {
      for (const subscriber of node.subscribers) visit(subscriber);
      if (at === topic.length) return;
      const child = node.children.get(topic[at] ?? 0);
      if (!child || sharedBytes(child.edge, topic, at) < child.edge.length) return;
      at += child.edge.length;
      node = child;
    }
  }

  /** Takes out nodes at the end of `path` that neither hold a subscriber nor part two ways. */
  #prune(path: readonly Node<Subscriber>[]): void {
    for (let depth = path.length - 1; depth > 0; depth--) {
      const node = path[depth];
      const parent = path[depth - 1];
      if (!node || !parent || node.subscribers.size > 0 || node.children.size > 1) return;
      const key = node.edge[0] ?? 0;
      const only = node.children.values().next().value;
      if (!only) {
        parent.children.delete(key);
        continue;
      }
      const edge = new Uint8Array(node.edge.length + only.edge.length);
      edge.set(node.edge);
      edge.set(only.edge, node.edge.length);
      only.edge = edge;
      parent.children.set(key, only);
      return;
    }
  }
}

/** Puts a node between `parent` and `child`, `bytes` into the edge. */
function split<Subscriber>(parent: Node<Subscriber>, child: Node<Subscriber>, bytes: number): Node<Subscriber> {
  const middle = newNode<Subscriber>(child.edge.slice(0, bytes));
  parent.children.set(middle.edge[0] ?? 0, middle);
  child.edge = child.edge.slice(bytes);
  middle.children.set(child.edge[0] ?? 0, child);
  return middle;
}

/** How many bytes of `edge` equal those of `bytes` from `at` on. */
function sharedBytes(edge: Uint8Array, bytes: Uint8Array, at: number): number {
  const most = Math.min(edge.length, bytes.length - at);
  let count = 0;
  while (count < most && edge[count] === bytes[at + count]) count++;
  return count;
}
