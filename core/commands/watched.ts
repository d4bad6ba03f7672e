/** What a command watches: one study or one re-run, by its number. */
export type Watched = { study: number } | { rerun: number };
