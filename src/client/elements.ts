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
export function patchElements({ scope, urls, patcher }: Runtime): void {
  const { Element } = scope
  if (!Element) return
  const { getAttribute, setAttribute } = Element.prototype
  const { shown, targetOf, toDevUrl } = urls

  function lead(element: Element): void {
    const crossOrigin = getAttribute.call(element, 'crossorigin')
    const url = getAttribute.call(element, 'src')
    if (!url || !/^(?:img|video|audio)$/.test(element.localName)) return
    const target = crossOrigin !== null && targetOf(shown(url))
    const right = target ? toDevUrl(/^use/i.test(crossOrigin) ? 'to' : 'anon', target.url) : shown(url)
    if (right !== url) setAttribute.call(element, 'src', right)
  }

  const afterWriting: After = (_, element: Element, [name = '', value]: string[]) => {
    // A property has but its value.
    if (value === undefined || /^src$|^cross/i.test(name)) lead(element)
  }
  const afterParsing: After = (_, element: HTMLTemplateElement, args: unknown[]) => {
    if (!/crossorigin/i.test(`${args}`)) return
    // What an outer one has replaced is nowhere now.
    for (const root of [element.content ?? element, element.parentNode ?? scope.document]) {
      root.querySelectorAll('[crossorigin]').forEach(lead)
    }
  }

  for (const name of ['Image', 'Media', 'Source', 'Track'] as const) {
    for (const property of ['src', 'srcset', 'currentSrc', 'crossOrigin']) {
      patcher.getter(scope[`HTML${name}Element`].prototype, property, shown, afterWriting)
    }
  }
  patcher.after(Element.prototype, 'setAttribute', afterWriting)
  patcher.after(Element.prototype, 'getAttribute', shown)
  patcher.after(Element.prototype, 'insertAdjacentHTML', afterParsing)
  for (const property of ['innerHTML', 'outerHTML']) {
    patcher.getter(Element.prototype, property, shown, afterParsing)
  }
}
