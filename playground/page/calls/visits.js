import { FILMS_URL } from 'addresses'
import { HttpError } from './http-error.js'

const VISITS = `${FILMS_URL}/api/visits`

/** A beacon tells nothing of how it fared, so the count is asked for before and after. */
export async function countVisit() {
  const { visits: before } = await visitsSoFar()
  navigator.sendBeacon(VISITS, new Blob([JSON.stringify({ page: location.pathname })], { type: 'application/json' }))

  for (let attempt = 0; attempt < 40; attempt++) {
    const answer = await visitsSoFar()
    if (answer.visits > before) return answer
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the beacon did not arrive')
}

async function visitsSoFar() {
  const response = await fetch(VISITS)
  if (!response.ok) throw await HttpError.from(response)

  return { status: response.status, ...(await response.json()) }
}
