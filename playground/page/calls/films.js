import { HttpError } from './http-error.js'

export async function bestFilms() {
  const response = await fetch('/api/films?_sort=rating,votes&_order=desc,desc&_limit=6')
  if (!response.ok) throw await HttpError.from(response)

  return { status: response.status, films: await response.json() }
}
