/** Which program this is, as it is recorded beside every number; the lab shows it too. */
export { appVersion, revision } from '../train/environment.ts';
