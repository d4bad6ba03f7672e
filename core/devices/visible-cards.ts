/** A card, or a part of one, with its names for CUDA_VISIBLE_DEVICES. */
interface Named {
  readonly index: number;
  readonly uuid: string;
  /** Name of the card of a part. */
  readonly parent?: string;
}

/**
 * Returns the cards that CUDA_VISIBLE_DEVICES allows, in its order: by numbers (0,2), beginnings of
 * names (GPU-6f3c), or names of parts (MIG-c6d4...). All cards when the variable is not set.
 */
export function visibleCards<Card extends Named>(
  cards: readonly Card[],
  variable: string | undefined,
): Card[] {
  if (variable === undefined) return [...cards];
  return variable.split(',').flatMap((each) => {
    const word = each.trim();
    const isName = /^(GPU|MIG)-/.test(word);
    return cards.filter(({ index, uuid, parent = '' }) =>
      isName ? uuid.startsWith(word) || parent.startsWith(word) : word === String(index),
    );
  });
}

/** A part of a divided card (NVIDIA's Multi-Instance GPU). */
export interface CardPart {
  readonly uuid: string;
  /** `MIG 1g.10gb` */
  readonly profile: string;
  readonly card: { readonly uuid: string; readonly title: string };
}

/**
 * Parses the output of `nvidia-smi -L`: `GPU 0: A100 (UUID: GPU-5d5b...)`, then for each part ` MIG
 * 1g.5gb Device 0: (UUID: MIG-c6d4...)`.
 */
export function parseParts(output: string): CardPart[] {
  let card = { title: '', uuid: '' };
  const parts: CardPart[] = [];
  for (const line of output.split('\n')) {
    const [, title, name] = /^GPU \d+: (.+) \(UUID: (GPU-[^)]+)\)/.exec(line) ?? [];
    if (title !== undefined && name !== undefined) card = { title, uuid: name };
    const [, profile, uuid] = /^\s+(MIG \S+).*\(UUID: (MIG-[^)]+)\)/.exec(line) ?? [];
    if (profile !== undefined && uuid !== undefined) parts.push({ uuid, profile, card });
  }
  return parts;
}
