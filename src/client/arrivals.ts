import type { Patcher } from './patch'

/** Is given each node that may name something to load, or be a window, once it has come into the document or changed. */
export type Visit = (node: never) => void

/** For what comes by ways that can't be patched, or are too many to be: the parser's, `adoptNode()`, attribute nodes. */
export function watchArrivals(
  { MutationObserver, document, Element }: typeof globalThis,
  patcher: Patcher,
): (visit: Visit) => void {
  const visits: Visit[] = []
  const tell = (node: Node): void => {
    for (const visit of visits) visit(node as never)
    // As a rule, its text comes with it.
    if ((node as Element).localName === 'style') node.childNodes.forEach(tell)
  }
  // A worker has none.
  if (document) {
    const observer = new MutationObserver((records) => {
      for (const { target, addedNodes } of records) {
        tell(target)
        for (const node of addedNodes as NodeListOf<Element>) {
          tell(node)
          node.querySelectorAll?.('[src],[srcset],[style],iframe,style').forEach(tell)
        }
      }
    })
    // What happens in a shadow tree is told to observers of that tree alone.
    patcher.after(Element.prototype, 'attachShadow', watch)
    watch(document)
    function watch(root: Node): Node {
      observer.observe(root, {
        subtree: true,
        childList: true,
        characterData: true,
        attributeFilter: ['crossorigin', 'src', 'srcset', 'style'],
      })
      return root
    }
  }
  return (visit) => visits.push(visit)
}
