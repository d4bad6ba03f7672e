import { trainingContract } from '../contract/training.ts';

trainingContract('portable', 2);
