// The injectable classes of other copies of the package in this process: what is injected by one of them is found, too.
import type { Provider, Type } from '@nestjs/common';

// An application of ES modules and a library of CommonJS load one build each, and each build has classes of its own.
const CLASSES = Symbol.for('nestjs-descope:injectable-classes');
const shared = globalThis as { [CLASSES]?: Set<Readonly<Record<string, Type>>> };
const copies = (shared[CLASSES] ??= new Set());

/** Makes the classes of this copy known to the others. */
export function shareClasses(classes: Readonly<Record<string, Type>>): void {
  copies.add(classes);
}

/** Provides the classes that other copies have, as those of this one with the same names. */
export function provideCopies(own: Readonly<Record<string, Type>>): Provider[] {
  const others = [...copies].filter((copy) => copy !== own).flatMap((copy) => Object.entries(copy));
  return others.flatMap(([name, provide]) => {
    const useExisting = Object.hasOwn(own, name) ? own[name] : undefined;
    return useExisting === undefined ? [] : [{ provide, useExisting }];
  });
}
