/**
 * Changes to the platform, each with its way back. A patched function is a `Proxy` over the native one, so that `name`,
 * `length`, `instanceof` and subclassing stay what they were; what it throws points at whoever called it.
 */

type AnyFunction = (...args: never[]) => unknown

/** Calls the native function as it was called, or otherwise: as `Reflect.apply` does. */
export type Proceed = (self?: unknown, args?: unknown[]) => unknown

export type Apply = (proceed: Proceed, self: unknown, args: unknown[], called: AnyFunction) => unknown

/** @param proceed - makes what the native class makes, of the same arguments or others. */
export type Construct = (proceed: (args?: unknown[]) => object, args: unknown[]) => object

/** Given what a native function returned, returns what the page is given. */
export type After = (result: never, self: never, args: never[]) => unknown

export interface Patcher {
  /** Replaces a method; `object` may inherit it. */
  override(object: object | undefined, name: string, apply: Apply): void
  /** Replaces what a method returns, or does something once it has returned. */
  after(object: object | undefined, name: string, after: After): void
  /** Replaces what an accessor reads, and does something once it has been written. */
  getter<T>(prototype: object | undefined, name: string, read: (value: T, self: never) => T, afterWriting?: After): void
  /** Replaces a global class by one whose constructor may be given other arguments. */
  classConstructor(scope: object, name: string, construct: Construct): void
  undo(): void
}

export function createPatcher(scope: typeof globalThis): Patcher {
  const undos: (() => void)[] = []
  const natives = new WeakMap<object, object>()

  /** Both traps are given what `Reflect`'s functions of the same name take. */
  function patched(native: object, trap: 'apply' | 'construct', behave: Apply | Construct): object {
    const called = (_: object, first: unknown, second: unknown): unknown => {
      try {
        const proceed = (a = first, b = second): never =>
          (Reflect[trap] as AnyFunction)(native as never, a as never, b as never) as never
        return (behave as Apply)(proceed, first, second as unknown[], called)
      } catch (error) {
        throw pointAt(error, callOf(called))
      }
    }
    const proxy = new Proxy(native, { [trap]: called })
    natives.set(proxy, native)
    return proxy
  }

  function replace(object: object | undefined, name: string, change: (original: PropertyDescriptor) => object): void {
    // A window owns its `fetch`; in a worker it is inherited.
    let owner = object
    let original: PropertyDescriptor | undefined
    while (owner && !(original = Object.getOwnPropertyDescriptor(owner, name))) owner = Object.getPrototypeOf(owner)
    if (!original?.configurable) return
    const changed = { ...original, ...change(original) }
    Object.defineProperty(owner, name, changed)
    undos.push(() => {
      const current = Object.getOwnPropertyDescriptor(owner, name)
      // Somebody who patched on top of us keeps the patch: what lies below only passes calls on from now.
      if (current?.value === changed.value && current?.get === changed.get) Object.defineProperty(owner, name, original)
    })
  }

  const applyThen =
    (after: After): Apply =>
    (proceed, self, args) =>
      after(proceed() as never, self as never, args as never[])

  const patcher: Patcher = {
    override: (object, name, apply) =>
      replace(object, name, ({ value }) => ({ value: patched(value as object, 'apply', apply) })),
    after: (object, name, after) => patcher.override(object, name, applyThen(after)),
    getter: (prototype, name, read, afterWriting) =>
      replace(prototype, name, ({ get, set }) => ({
        get: get && patched(get, 'apply', applyThen(read)),
        set: set && afterWriting ? patched(set, 'apply', applyThen(afterWriting)) : set,
      })),
    classConstructor: (scope, name, construct) =>
      replace(scope, name, ({ value: native }) => {
        const value = patched(native as object, 'construct', construct)
        replace((native as { prototype: object }).prototype, 'constructor', () => ({ value }))
        return { value }
      }),
    undo() {
      for (const undo of undos.splice(0).reverse()) undo()
    },
  }
  // A Proxy has no source text. Libraries tell a native `fetch` by it.
  patcher.override(scope.Function.prototype, 'toString', (proceed, self) =>
    proceed(natives.get(self as object) ?? self),
  )
  return patcher
}

/** Where a patched function was called from, in engines whose errors can be told. */
export function callOf(called: AnyFunction): { stack?: string } {
  const call = {}
  Error.captureStackTrace?.(call, called)
  return call
}

/** An error of the platform's own, which was called from this script, is to point at who called that. */
export function pointAt(error: unknown, { stack }: { stack?: string }): unknown {
  const given = error as { stack?: string } | undefined
  const frames = FRAMES.exec(stack as string)
  if (frames && given?.stack && firstScript(given.stack) === firstScript(new Error().stack)) {
    given.stack = given.stack.replace(FRAMES, '') + frames[0]
  }
  return error
}

/** V8 writes them below the message, others write nothing else. The script of the first that has one is told. */
const FRAMES = /(?:\n +at [^]*?|^\S*?@)([^(@]+?):\d+:[^]*/

/** Natives have no frame of their own. */
function firstScript(stack = ''): string | undefined {
  return FRAMES.exec(stack)?.[1]
}

/** Reads a native accessor whatever the page has put over it since. */
export function nativeGetter<T>(prototype: object, name: string): (self: unknown) => T {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as AnyFunction
  return (self) => Reflect.apply(get, self, []) as T
}
