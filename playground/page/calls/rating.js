import axios from 'axios'
import { FILMS_URL } from 'addresses'

const library = axios.create({
  baseURL: `${FILMS_URL}/api`,
  headers: { Authorization: 'Bearer film-club' },
})

export async function rateFilm(id, rating) {
  const { status, data } = await library.patch(`/films/${id}`, { rating })
  return { status, film: data }
}
