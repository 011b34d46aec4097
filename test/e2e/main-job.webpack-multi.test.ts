import { describeMainJob } from './main-job'

describeMainJob('webpack-multi')
