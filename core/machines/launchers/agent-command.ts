import { quoted } from './quoted.ts';

/** The line that starts an agent with a pairing file. */
export const agentCommand = (pairing: string): string => `ktg agent --pairing ${quoted(pairing)}`;
