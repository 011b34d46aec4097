import { mapCorsUrlsInCss } from '../standard/cors-css'
import type { Runtime } from './runtime'

/**
 * Fonts, masks and shapes in styles that scripts make: they are loaded with CORS and without credentials. A style sheet
 * loads nothing before the page is laid out, so that a `<style>` which has just come can still be changed.
 */
export function patchStyles({ scope, urls, patcher, onArrival }: Runtime): void {
  /** Bytes have no address, and a rule's place is a number. */
  const ledIn =
    (context = '') =>
    (css: unknown): unknown =>
      typeof css === 'string' ? mapCorsUrlsInCss(context + css, (url) => urls.led(url)).slice(context.length) : css

  for (const method of ['insertRule', 'replace', 'replaceSync']) {
    patcher.override(scope.CSSStyleSheet?.prototype, method, (proceed, self, args) => proceed(self, args.map(ledIn())))
  }
  patcher.classConstructor(scope, 'FontFace', (proceed, args) => proceed(args.map(ledIn('src:'))))
  onArrival((node: Text) => {
    if (node.parentElement?.localName !== 'style') return
    const css = ledIn()(node.data) as string
    if (css !== node.data) node.data = css
  })
}
