const env = import.meta.env

export const FILMS_URL = env.VITE_FILMS_URL
export const ANSWERS_URL = env.VITE_ANSWERS_URL
export const CHAT_URL = env.VITE_CHAT_URL
export const ACCOUNTS_URL = env.VITE_ACCOUNTS_URL
export const UPLOADS_URL = env.VITE_UPLOADS_URL
export const BOX_OFFICE_URL = env.VITE_BOX_OFFICE_URL

export const PLAYGROUND = { host: 'vite', way: env.MODE === 'direct' ? 'direct' : 'through', hubUrl: env.VITE_HUB_URL }
