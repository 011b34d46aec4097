import { CLIENT_SCRIPT } from '../exchange/wire'
import type { After } from './patch'
import type { Runtime } from './runtime'

const EMPTY = 'about:blank'

/**
 * Frames and popups that no server serves (`about:blank`, `srcdoc`). An empty window keeps its globals when its first
 * document is given as text.
 *
 * @see https://html.spec.whatwg.org/multipage/document-lifecycle.html#initialise-the-document-object
 */
export function patchWindows({ scope, urls, patcher, installIn, onArrival }: Runtime): void {
  /** One that has another address is about to leave its empty document. */
  function enter(opened: Document | null | undefined, url: unknown): void {
    if (opened?.URL === EMPTY && (url || EMPTY) === EMPTY) installIn(opened.defaultView as never)
  }

  const frames = scope.HTMLIFrameElement?.prototype
  patcher.getter(frames, 'contentDocument', (opened: Document | null, { src }: HTMLIFrameElement) => {
    enter(opened, src)
    return opened
  })
  patcher.getter(frames, 'contentWindow', (opened, frame: HTMLIFrameElement) => {
    // Asked for, it is entered.
    void frame.contentDocument
    return opened
  })
  // By its index, a script comes to a frame without asking the element.
  onArrival(({ contentDocument }: HTMLIFrameElement) => contentDocument)

  // The window of a second document is another one, which can't be entered before its scripts run.
  const first = `<script src="${urls.devPrefix}${CLIENT_SCRIPT}"></script>`
  const { setAttribute } = scope.Element?.prototype ?? {}
  const putFirst: After = (_, frame: HTMLIFrameElement, args: unknown[]) => {
    // A property has but its value.
    if (args.length > 1 && !/^srcdoc$/i.test(args[0] as string)) return
    // Of elements, frames alone have that property. In a sandbox it may not run, or have another origin.
    if (!frame.sandbox || frame.hasAttribute('sandbox')) return
    try {
      setAttribute.call(frame, 'srcdoc', first + args.at(-1))
    } catch {
      // The page's CSP asks for a trusted type.
    }
  }
  patcher.getter<string>(frames, 'srcdoc', (text) => text.replace(first, ''), putFirst)
  patcher.after(scope.Element?.prototype, 'setAttribute', putFirst)
  patcher.after(scope, 'open', (opened: Window | null, _, [url]) => {
    try {
      enter(opened?.document, url)
    } catch {
      // A name found a window of another origin.
    }
    return opened
  })
}
