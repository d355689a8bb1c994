// Notes what a decorator asks for, where nothing that another decorator does can lose it.
import 'reflect-metadata';
import type { Demand } from '../../core/user/demands.js';
import type { AccessRule } from '../rules/rules.js';

/** Whether nobody is asked anything, whether being signed in is optional, or whether it is required. */
export type AccessMode = 'public' | 'optional' | 'required';

/** One thing that a decorator notes. */
export interface AccessEntry {
  readonly mode?: AccessMode;
  readonly demand?: Demand;
  /** What the application itself decides, or asks Descope. */
  readonly rule?: AccessRule;
  /** How the decorator was written, for messages. */
  readonly label: string;
}

/** Under this key entries stand, on classes, on handlers and on (prototype, method name). */
export const ACCESS_METADATA = 'nestjs-descope:access';

/** A decorator for a class or one of its methods. */
export type AccessDecorator = ClassDecorator & MethodDecorator;

/** Notes a demand under the words of its decorator. */
export function ask(demand: Demand, decorator: string): AccessDecorator {
  const given: readonly string[] = 'names' in demand ? demand.names : 'kinds' in demand ? demand.kinds : [];
  const names = given.map((name) => `'${name}'`).join(', ');
  return note({ demand, label: `${decorator}(${names})` });
}

/**
 * Notes an entry on a class or method. A method's stand in two places: on the function, and by name on its prototype,
 * because another decorator may replace the function and a demand must not get lost with it.
 */
export function note(entry: AccessEntry): AccessDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (key === undefined) return appendToClass(target, entry);
    append(target, entry, key);
    if (typeof descriptor?.value === 'function') append(descriptor.value as object, entry);
  };
}

// A class decorator may put a proxy or another function in the class's place; instances, and with them Nest, still
// name the class that their prototype knows.
function appendToClass(target: object, entry: AccessEntry): void {
  append(target, entry);
  const { prototype } = target as { readonly prototype?: { readonly constructor?: unknown } };
  const known = prototype?.constructor;
  if (typeof known === 'function' && known !== target && known.prototype === prototype) append(known, entry);
}

function append(target: object, entry: AccessEntry, key?: string | symbol): void {
  if (key === undefined) {
    const own = (Reflect.getOwnMetadata(ACCESS_METADATA, target) ?? []) as readonly AccessEntry[];
    return Reflect.defineMetadata(ACCESS_METADATA, [...own, entry], target);
  }
  const own = (Reflect.getOwnMetadata(ACCESS_METADATA, target, key) ?? []) as readonly AccessEntry[];
  Reflect.defineMetadata(ACCESS_METADATA, [...own, entry], target, key);
}
