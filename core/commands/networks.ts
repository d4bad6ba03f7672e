import { modelForms, modelNames } from '../models/architecture.ts';

/** Names of networks, and the forms of all further names, for a usage text. */
export const networksHelp = `${modelNames.join(', ')}; any ${modelForms}`;
