import { describeMainJob } from './main-job'

describeMainJob('vite-base')
