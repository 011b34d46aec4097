import type { After } from './patch'
import type { Runtime } from './runtime'

/**
 * `<img crossorigin>` and its like, as scripts make them: what stands in the project's own documents is led through the
 * dev server by what serves them. The page is shown what it wrote.
 *
 * An image begins to load in a microtask that is queued as soon as it has an address, so what leads it elsewhere at once
 * comes first.
 *
 * @see https://html.spec.whatwg.org/multipage/images.html#update-the-image-data
 */
export function patchElements({ scope, urls, patcher, onArrival }: Runtime): void {
  const { Element, ShadowRoot } = scope
  if (!Element) return
  const { getAttribute, setAttribute } = Element.prototype
  const { shown, led } = urls

  function lead(element: Element): void {
    const owner = /^[st]/.test(element.localName)
      ? (element.closest('video,audio') ?? element.closest('picture')?.querySelector('img'))
      : element
    const crossOrigin = (owner as HTMLImageElement | undefined)?.crossOrigin
    // A frame has none. Scripts stay direct: where they come from, their own imports do.
    if (crossOrigin === undefined) return
    for (const name of ['src', 'srcset']) {
      const value = getAttribute.call(element, name) ?? ''
      const right = shown(value).replace(name === 'src' ? /.+/ : /\S*[^\s,]/g, (url) =>
        crossOrigin === null ? url : led(url, /^use/i.test(crossOrigin)),
      )
      if (right !== value) setAttribute.call(element, name, right)
    }
  }

  const afterWriting: After = (_, element: Element, args: unknown[]) => {
    // A property has but its value.
    if (args.length > 1 && !/^src|^cross/i.test(args[0] as string)) return
    lead(element)
    // By then what is built from the inside out has its owner, though maybe no document.
    queueMicrotask(() => lead(element))
    element.closest('picture,video,audio')?.querySelectorAll('[src],[srcset]').forEach(lead)
  }
  const afterParsing: After = (_, element: HTMLTemplateElement, args: unknown[]) => {
    if (!/crossorigin/i.test(`${args}`)) return
    // What an outer one has replaced is nowhere now.
    for (const root of [element.content ?? element, element.parentNode ?? scope.document]) {
      root.querySelectorAll('[src],[srcset]').forEach(lead)
    }
  }

  for (const name of ['Image', 'Media', 'Source', 'Track'] as const) {
    for (const property of ['src', 'srcset', 'currentSrc', 'crossOrigin']) {
      patcher.getter(scope[`HTML${name}Element`].prototype, property, shown, afterWriting)
    }
  }
  onArrival(lead)
  patcher.after(Element.prototype, 'setAttribute', afterWriting)
  patcher.after(Element.prototype, 'getAttribute', shown)
  patcher.after(Element.prototype, 'insertAdjacentHTML', afterParsing)
  for (const property of ['innerHTML', 'outerHTML']) {
    for (const { prototype } of [Element, ShadowRoot]) patcher.getter(prototype, property, shown, afterParsing)
  }
}
