/** The process that asks, as pages do; each kind of asking is a module in bench/load/. */
import { abortDownloads } from '../load/aborts.ts'
import { download, upload } from '../load/bodies.ts'
import { readEvents } from '../load/events.ts'
import { closeCaller, openCaller, timeCall } from '../load/first-byte.ts'
import { runHttp2 } from '../load/http2.ts'
import { prime, run } from '../load/requests.ts'
import { getAfterPauses } from '../load/stale.ts'
import { runWave } from '../load/wave.ts'
import { echo } from '../load/websocket.ts'
import { answerCommands } from './worker.ts'

answerCommands({
  prime,
  run,
  runHttp2,
  download,
  upload,
  readEvents,
  echo,
  runWave,
  abortDownloads,
  getAfterPauses,
  openCaller,
  timeCall,
  closeCaller,
})
