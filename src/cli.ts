#!/usr/bin/env node
import process from 'node:process'
import { run } from './cli/run'

// Not process.exit(): what is still being written would be lost.
process.exitCode = await run(process.argv.slice(2), process)
