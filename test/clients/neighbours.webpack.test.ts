import { describeNeighbours } from './describe-neighbours'

describeNeighbours('webpack')
