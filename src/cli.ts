#!/usr/bin/env node
import process from 'node:process'
import { run } from './cli/run'

/** A fault of the command's own must not pass for a verdict: Node's own code for it is that of "blocked". */
function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(2)
}

process.on('uncaughtException', fail)
try {
  // Not process.exit(): what is still being written would be lost.
  process.exitCode = await run(process.argv.slice(2), process)
} catch (error) {
  fail(error)
}
