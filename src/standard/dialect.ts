/** Whose rules decide: `standard` is what the Fetch Standard says, `chromium` what Chromium 156 does where that differs. */
export type Dialect = 'standard' | 'chromium'
