// Entry point './dpop': proof of possession.
export {};
