import { defineSource } from 'cf-collector/source';
import { shelvesSource } from './shelvesSource.mjs';

export default defineSource(shelvesSource);
