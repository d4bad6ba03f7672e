import * as v from 'valibot';
import { LabError, messageOf } from '../base/errors.ts';
import { makeFolder } from '../base/folder.js';
import { dataHome } from '../base/data-home.ts';
import type { Store } from '../store/store.ts';
import type { Settings } from './api.ts';
import { keptSetting } from './kept-setting.ts';
import { parseInput } from './schemas.ts';

const NAME = 'settings';
/** Characters of JSON that the screens may remember, all together. */
const MAX_VIEW = 1 << 20;

/** What a person has set, kept in the lab file. */
export class SettingsContext {
  readonly #store: Store;
  readonly #listeners = new Set<(settings: Settings, before: Settings) => void>();
  #settings: Settings;

  constructor(store: Store) {
    this.#store = store;
    this.#settings = {
      dataFolder: dataHome(),
      slots: {},
      engine: 'auto',
      checkpointEvery: 60,
      notifications: true,
      theme: 'system',
      view: {},
      ...keptIn(store),
    };
  }

  get(): Settings {
    return this.#settings;
  }

  /** What screens remember is merged by name; null forgets. Throws LabErrors `settings.*`. */
  set(change: Partial<Settings>): Settings {
    const before = this.#settings;
    const view = Object.fromEntries(
      Object.entries({ ...before.view, ...change.view }).filter(([, value]) => value !== null),
    );
    if (change.view && !fits(view)) throw tooMuch();
    if (change.dataFolder !== undefined) requireFolder(change.dataFolder);
    const settings = { ...before, ...change, slots: { ...before.slots, ...change.slots }, view };
    const { dataFolder, ...rest } = settings;
    // The usual folder is not written down: it moves with KTG_DATA and KTG_HOME.
    this.#store.setSetting(NAME, dataFolder === dataHome() ? rest : settings);
    this.#settings = settings;
    for (const listener of this.#listeners) listener(settings, before);
    return settings;
  }

  onChange(listener: (settings: Settings, before: Settings) => void): void {
    this.#listeners.add(listener);
  }
}

const fits = (view: Settings['view']): boolean => JSON.stringify(view).length <= MAX_VIEW;

const tooMuch = (): LabError => new LabError('settings.view-too-large', { limit: MAX_VIEW });

/** Those settings of the lab file that a request could have set. */
function keptIn(store: Store): Partial<Settings> {
  const kept = keptSetting(store, NAME, v.record(v.string(), v.unknown())) ?? {};
  return Object.entries(kept).reduce<Partial<Settings>>((settings, [name, value]) => {
    try {
      const read = parseInput('settings.set', { [name]: value });
      // An earlier version had no limit for what the screens remember.
      return read.view && !fits(read.view) ? settings : { ...settings, ...read };
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      return settings;
    }
  }, {});
}

function requireFolder(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw new LabError(
      'settings.data-folder',
      { path, reason: messageOf(error) },
      { cause: error },
    );
  }
}
