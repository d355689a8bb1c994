#!/usr/bin/env node
// The command `nestjs-descope-emulator`, which is `nestjs-descope emulator` by an older name.
import { runEmulatorCommand } from './command/emulator-command.js';

void runEmulatorCommand(process.argv.slice(2));
