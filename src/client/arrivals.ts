/** Is given each node that may name something to load, or be a window, once it has come into the document or changed. */
export type Visit = (node: never) => void

/** For what comes by ways that can't be patched, or are too many to be: the parser's, `adoptNode()`, attribute nodes. */
export function watchArrivals({ MutationObserver, document }: typeof globalThis): (visit: Visit) => void {
  const visits: Visit[] = []
  const tell = (node: Node): void => {
    for (const visit of visits) visit(node as never)
    // As a rule, its text comes with it.
    if ((node as Element).localName === 'style') node.childNodes.forEach(tell)
  }
  // A worker has none.
  if (document) {
    new MutationObserver((records) => {
      for (const { target, addedNodes } of records) {
        tell(target)
        for (const node of addedNodes as NodeListOf<Element>) {
          tell(node)
          node.querySelectorAll?.('iframe,style,[src],[srcset],[style]').forEach(tell)
        }
      }
    }).observe(document, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ['src', 'srcset', 'crossorigin', 'style'],
    })
  }
  return (visit) => visits.push(visit)
}
