import { FILMS_URL } from 'addresses'

try {
  const response = await fetch(`${FILMS_URL}/api/films`, { headers: { 'X-Client': 'decades-worker' } })
  const films = await response.json()
  const decades = Map.groupBy(films, ({ year }) => Math.floor(year / 10) * 10)
  const counts = [...decades].map(([decade, { length }]) => [decade, length]).sort(([a], [b]) => a - b)
  postMessage({ status: response.status, counts })
} catch (error) {
  postMessage({ error: `${error.name}: ${error.message}` })
}
