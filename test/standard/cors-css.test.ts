import { expect, test } from 'vitest'
import { mapCorsUrlsInCss } from '../../src/standard/cors-css'

const map = (css: string): string => mapCorsUrlsInCss(css, (url) => url.replace(/^(https?:)?\/\/api.test/, '/dev'))

test.each([
  ['a font', '@font-face { src: url(https://api.test/a.woff2) }'],
  [
    'each source of a font',
    `@font-face { src: local('a'), url("//api.test/a.woff2") format('woff2'), url( 'http://api.test/a.ttf' ) }`,
  ],
  ['a font with a fragment of another URL before it', '@font-face { src: url(#a), url(https://api.test/a#b) }'],
  ['a mask', '.a { color: red; mask-image: url(https://api.test/a.svg) }'],
  ['each mask, prefixed and as a shorthand', '.a{-webkit-mask:url(https://api.test/a),url(https://api.test/b) center}'],
  ['a shape', 'shape-outside: url(https://api.test/a.png)'],
  ['a nested one', '@media all { .a { & b { MASK-IMAGE: URL(https://api.test/a) } } }'],
])('finds %s', (_, css) => {
  expect(map(css)).toBe(css.replace(/(?:https?:)?\/\/api.test/g, '/dev'))
})

test.each([
  '.a { background: url(https://api.test/a.svg) }',
  '.a { mask-image: none; background: url(https://api.test/a.svg) }',
  '.mask:hover { background: url(https://api.test/a.svg) }',
  '@import url(https://api.test/a.css);',
  '.a { mask-image: url(a.svg) }',
  '.a { mask-image: url(#https://api.test) }',
])('leaves %s', (css) => {
  expect(map(css)).toBe(css)
})
