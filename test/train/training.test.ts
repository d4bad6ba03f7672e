import { trainingContract } from '../contract/training.ts';

trainingContract('tensorflow', 8);
