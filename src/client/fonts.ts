import type { Runtime } from './runtime'

/** `new FontFace()`: fonts are loaded with CORS and without credentials. Bytes have no address. */
export function patchFonts({ scope, urls, patcher }: Runtime): void {
  patcher.classConstructor(scope, 'FontFace', (native, [family, source, ...rest], newTarget) => {
    const led =
      typeof source === 'string'
        ? source.replace(/(?:https?:)?\/\/[^\s"')]+/gi, (url) => {
            const target = urls.targetOf(url)
            return target ? urls.toDevUrl('anon', target.url) : url
          })
        : source
    return Reflect.construct(native, [family, led, ...rest], newTarget) as object
  })
}
