/** Sides, in pixels, that images can be decoded to; the lab checks them. */
export const imageSides = [32, 64, 96, 128] as const;
export const USUAL_SIDE = 64;
