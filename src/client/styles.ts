import { mapCorsUrlsInCss } from '../standard/cors-css'
import type { Runtime } from './runtime'

/**
 * Fonts, masks and shapes in styles that scripts make: they are loaded with CORS and without credentials. A style sheet
 * loads nothing before the page is laid out, so that a `<style>` which has just come can still be changed.
 */
export function patchStyles({ scope, urls, patcher, onArrival }: Runtime): void {
  /** Bytes have no address, and a rule's place is a number. */
  const led = (css: unknown, context = ''): unknown =>
    typeof css === 'string' ? mapCorsUrlsInCss(context + css, (url) => urls.led(url)).slice(context.length) : css

  for (const holder of ['StyleSheet', 'GroupingRule', 'StyleRule'] as const) {
    for (const method of ['insertRule', 'replace', 'replaceSync']) {
      patcher.override(scope[`CSS${holder}`]?.prototype, method, (proceed, self, args) =>
        proceed(
          self,
          args.map((css) => led(css)),
        ),
      )
    }
  }
  patcher.classConstructor(scope, 'FontFace', (proceed, args) => proceed(args.map((css) => led(css, 'src:'))))
  function lead<Name extends string>(holder: Record<Name, string>, name: Name): void {
    const css = holder[name]
    const right = led(css) as string
    if (right !== css) holder[name] = right
  }
  onArrival((node: Text & HTMLElement) => {
    const { style, parentElement } = node
    if (style?.maskImage || style?.shapeOutside) lead(style, 'cssText')
    if (parentElement?.localName === 'style') lead(node, 'data')
  })
}
