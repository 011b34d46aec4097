/**
 * Changes to the platform, each with its way back. A patched function is a `Proxy` over the native one, so that `name`,
 * `length`, `toString()`, `instanceof` and subclassing stay what they were.
 */

type AnyFunction = (...args: never[]) => unknown

/** Stands for a native function whose type no longer matters: it is only ever applied to what the page passed. */
export type Native = (this: unknown, ...args: unknown[]) => unknown

export type Constructor<T extends object = object> = new (...args: never[]) => T

export interface Patcher {
  /** Replaces a method; `object` may inherit it. */
  method(object: object, name: string, apply: (native: Native, self: unknown, args: unknown[]) => unknown): void
  /** Replaces what an accessor reads. */
  getter<T>(prototype: object | undefined, name: string, read: (value: T, self: unknown) => T): void
  /** Replaces a global class by one whose constructor may be given other arguments. */
  classConstructor(
    scope: object,
    name: string,
    construct: (native: Constructor, args: unknown[], newTarget: Constructor) => object,
  ): void
  undo(): void
}

export function createPatcher(): Patcher {
  const undos: (() => void)[] = []

  function replace(owner: object, name: string, change: (original: PropertyDescriptor) => PropertyDescriptor): void {
    const original = Object.getOwnPropertyDescriptor(owner, name)
    if (!original?.configurable) return
    const changed = { ...original, ...change(original) }
    Object.defineProperty(owner, name, changed)
    undos.push(() => {
      const current = Object.getOwnPropertyDescriptor(owner, name)
      // Somebody who patched on top of us keeps the patch: what lies below only passes calls on from now.
      if (current?.value === changed.value && current?.get === changed.get) Object.defineProperty(owner, name, original)
    })
  }

  return {
    method(object, name, apply) {
      const owner = ownerOf(object, name)
      if (!owner) return
      replace(owner, name, ({ value }) => ({ value: new Proxy(value as Native, { apply }) }))
    },
    getter(prototype, name, read) {
      if (!prototype) return
      replace(prototype, name, ({ get }) => ({
        get: get && new Proxy(get, { apply: (native, self) => read(Reflect.apply(native, self, []) as never, self) }),
      }))
    },
    classConstructor(scope, name, construct) {
      const owner = ownerOf(scope, name)
      if (!owner) return
      replace(owner, name, ({ value }) => {
        const native = value as Constructor
        const patched = new Proxy(native, { construct: construct as ProxyHandler<Constructor>['construct'] })
        replace(native.prototype as object, 'constructor', () => ({ value: patched }))
        return { value: patched }
      })
    },
    undo() {
      for (const undo of undos.splice(0).reverse()) undo()
    },
  }
}

/** Reads a native accessor whatever the page has put over it since. */
export function nativeGetter<T>(prototype: object, name: string): (self: unknown) => T {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as AnyFunction
  return (self) => Reflect.apply(get, self, []) as T
}

/** A window owns its `fetch`; in a worker it is inherited. */
function ownerOf(object: object, name: string): object | undefined {
  for (let owner: object | null = object; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    if (Object.hasOwn(owner, name)) return owner
  }
  return undefined
}
