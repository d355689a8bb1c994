// Ends what emulator.setup.cjs started.
module.exports = () => globalThis.emulator.close();
