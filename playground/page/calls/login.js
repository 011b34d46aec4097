import { ACCOUNTS_URL } from 'addresses'
import { HttpError } from './http-error.js'

export async function logIn(name, password) {
  const response = await fetch(`${ACCOUNTS_URL}/login`, {
    method: 'POST',
    credentials: 'include',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name, password }),
  })
  if (!response.ok) throw await HttpError.from(response)
}

export async function whoAmI() {
  const response = await fetch(`${ACCOUNTS_URL}/me`, { credentials: 'include' })
  if (!response.ok) throw await HttpError.from(response)

  return { status: response.status, account: await response.json() }
}
