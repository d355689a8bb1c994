// Entry point './dpop': proof of possession.
export { Dpop } from './dpop.decorator.js';
