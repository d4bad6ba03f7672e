import { openMemoryStore } from '../../core/store/memory.ts';
import { storeContract } from '../contract/store.ts';

storeContract('memory', openMemoryStore);
