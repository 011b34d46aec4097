export const FILMS_URL = process.env.FILMS_URL
export const ANSWERS_URL = process.env.ANSWERS_URL
export const CHAT_URL = process.env.CHAT_URL
export const ACCOUNTS_URL = process.env.ACCOUNTS_URL
export const UPLOADS_URL = process.env.UPLOADS_URL
export const BOX_OFFICE_URL = process.env.BOX_OFFICE_URL

export const PLAYGROUND = { host: 'webpack', way: process.env.PLAYGROUND_WAY, hubUrl: process.env.HUB_URL }
