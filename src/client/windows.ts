import type { Runtime } from './runtime'

/**
 * Frames that no server serves (`about:blank`, `srcdoc`). An empty window keeps its globals when its first document is
 * given as text.
 *
 * @see https://html.spec.whatwg.org/multipage/document-lifecycle.html#initialise-the-document-object
 */
export function patchWindows({ scope, patcher, installIn }: Runtime): void {
  const { HTMLIFrameElement, MutationObserver, document } = scope
  if (!HTMLIFrameElement) return

  /** One that has an address is about to leave its empty document. */
  function enter({ src }: HTMLIFrameElement, opened: Document | null): Document | null {
    if (!src && opened?.URL === 'about:blank') installIn(opened.defaultView as never)
    return opened
  }

  const { prototype } = HTMLIFrameElement
  patcher.getter(prototype, 'contentDocument', (opened: Document | null, frame: HTMLIFrameElement) =>
    enter(frame, opened),
  )
  patcher.getter(prototype, 'contentWindow', (opened, frame: HTMLIFrameElement) => {
    // Asked for, it is entered.
    void frame.contentDocument
    return opened
  })
  // By its index, a script comes to a frame without asking the element.
  new MutationObserver(() =>
    document.querySelectorAll('iframe').forEach(({ contentDocument }) => contentDocument),
  ).observe(document, { subtree: true, childList: true })
}
