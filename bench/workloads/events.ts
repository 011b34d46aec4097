import { compare } from '../compare.ts'
import type { EventResult, EventSettings } from '../load/events.ts'
import { callHeaders } from '../page.ts'
import type { Workload } from '../workload.ts'

const COUNT = 100
const INTERVAL = 8
/** Milliseconds after the last event was sent; who has held it back so long has lost it. */
const PATIENCE = 1500

/** The client accepts gzip, as browsers do, and webpack-dev-server's compression is on, as it is by default. */
export const events: Workload = {
  name: 'events',
  title: `${COUNT} server-sent events, one each ${INTERVAL} ms`,
  figures: [{ name: 'delay ms', digits: 2 }, { name: 'delivered' }, { name: 'lost' }],
  rounds: 3,
  async measure(bench, rounds) {
    const origin = await bench.origin()
    const load = bench.load()
    const { running, failed } = await bench.startAll(bench.contestants, origin)
    const rows = await compare(running, {
      rounds,
      async measure({ port, page, pathOf }) {
        const settings: EventSettings = {
          port,
          path: pathOf(`/api/events?count=${COUNT}&interval=${INTERVAL}`),
          headers: { host: new URL(page.origin).host, ...callHeaders(page), accept: 'text/event-stream' },
          count: COUNT,
          timeout: COUNT * INTERVAL + PATIENCE,
        }
        const { delivered, median } = await load.ask<EventResult>('readEvents', settings)
        return { delivered, lost: COUNT - delivered, ...(median !== undefined && { 'delay ms': median }) }
      },
    })
    return [...failed, ...rows]
  },
}
