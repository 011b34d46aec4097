import { FILMS_URL } from 'addresses'
import { HttpError } from './http-error.js'

export async function countVisit() {
  const visit = new Blob([JSON.stringify({ page: location.pathname })], { type: 'application/json' })
  navigator.sendBeacon(`${FILMS_URL}/api/visits`, visit)

  const response = await fetch(`${FILMS_URL}/api/visits`)
  if (!response.ok) throw await HttpError.from(response)

  return { status: response.status, ...(await response.json()) }
}
