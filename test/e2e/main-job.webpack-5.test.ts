import { describeMainJob } from './main-job'

describeMainJob('webpack-5')
