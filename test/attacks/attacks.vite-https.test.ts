import { describeAttacks } from './describe-attacks'

describeAttacks('vite-https')
