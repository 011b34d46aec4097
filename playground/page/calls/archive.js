export async function countReels() {
  const response = await fetch('/archive/reels')
  const answer = await response.json()

  return { status: response.status, answer }
}
