import { install } from './install'

/** Stands in front of this file, which as a script has no exports: see `CLIENT_GLOBAL` in `exchange/client-script.ts`. */
declare const __corsDev: { install?: typeof install }

__corsDev.install = install
