import { engineContract } from '../contract/engine.ts';

engineContract('tensorflow');
