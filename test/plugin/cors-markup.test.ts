import { expect, test } from 'vitest'
import { createMarkupRewriter } from '../../src/plugin/cors-markup'

function rewrite(html: string, cut = html.length): string {
  const next = createMarkupRewriter((url, credentials) =>
    url.replace(/^https:\/\/api\.test\//, credentials ? '/to/' : '/anon/'),
  )
  return next(html.slice(0, cut), false) + next(html.slice(cut), true)
}

test.each([
  ['<img crossorigin src="https://api.test/a?b&amp;c">', '<img crossorigin src="/anon/a?b&amp;c">'],
  [`<IMG SRC='https://api.test/a' CrossOrigin=USE-credentials>`, '<IMG SRC="/to/a" CrossOrigin=USE-credentials>'],
  ['<img crossorigin src=https://api.test/a alt="a > b">', '<img crossorigin src="/anon/a" alt="a > b">'],
  [
    '<img crossorigin srcset="https://api.test/a,b 1x, https://api.test/c 2x">',
    '<img crossorigin srcset="/anon/a,b 1x, /anon/c 2x">',
  ],
  [
    '<picture><source srcset="https://api.test/a"><img src="https://api.test/b" crossorigin></picture>',
    '<picture><source srcset="/anon/a"><img src="/anon/b" crossorigin></picture>',
  ],
  [
    '<video crossorigin><source src="https://api.test/a"><track src="https://api.test/b"></video>',
    '<video crossorigin><source src="/anon/a"><track src="/anon/b"></video>',
  ],
  [
    '<link rel=preload as=font crossorigin href="https://api.test/a">',
    '<link rel=preload as=font crossorigin href="/anon/a">',
  ],
  ['<style>@font-face { src: url(https://api.test/a) }</style>', '<style>@font-face { src: url(/anon/a) }</style>'],
  [`<p style="mask: url(&quot;https://api.test/a&quot;)">`, '<p style="mask: url(&quot;/anon/a&quot;)">'],
  [
    '<template><img crossorigin src="https://api.test/a"></template>',
    '<template><img crossorigin src="/anon/a"></template>',
  ],
])('rewrites %s, wherever it is cut', (html, expected) => {
  for (let cut = 0; cut <= html.length; cut++) expect(rewrite(`<p>${html}a < b`, cut + 3)).toBe(`<p>${expected}a < b`)
})

test.each([
  '<img src="https://api.test/a">',
  '<img alt="crossorigin" src="https://api.test/a">',
  '<img alt=\'crossorigin src="https://api.test/a"\'>',
  '<script crossorigin src="https://api.test/a"></script>',
  '<link rel=stylesheet crossorigin href="https://api.test/a">',
  '<video><source src="https://api.test/a"></video>',
  `<script>document.body.innerHTML = '<img crossorigin src="https://api.test/a">'</script>`,
  '<!-- <img crossorigin src="https://api.test/a"> -->',
  '<textarea><img crossorigin src="https://api.test/a"></textarea>',
  '<img crossorigin src="https://other.test/a">',
  '<img crossorigin src="a.png"',
  '<video crossorigin><source src="https://other.test/a">',
])('leaves %s', (html) => {
  for (let cut = 0; cut <= html.length; cut++) expect(rewrite(html, cut)).toBe(html)
})
