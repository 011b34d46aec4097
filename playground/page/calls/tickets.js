import { BOX_OFFICE_URL } from 'addresses'
import { HttpError } from './http-error.js'

export async function buyTicket(film) {
  const response = await fetch(`${BOX_OFFICE_URL}/tickets`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ film }),
  })
  if (!response.ok) throw await HttpError.from(response)

  return { status: response.status, ticket: await response.json() }
}
