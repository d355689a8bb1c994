// One value for each object, kept on the object itself where nobody else can see it, copy it or write it.

/** What a weak map does, and costs. */
export interface ObjectMemory<Value> {
  get(object: object): Value | undefined;
  /** Keeps a value; `undefined` forgets it. */
  set(object: object, value: Value | undefined): void;
}

// Hands back what it is given, so that a subclass puts its private fields on that.
class Given {
  constructor(object: object) {
    return object;
  }
}

/**
 * Creates a memory. A weak map with an entry for every request makes each collection of garbage dearer: a microsecond a
 * request, where the private field of a passing object costs a twentieth of that. An object that takes no properties is
 * to take no private fields either (a proposal before TC39), so those do stand in a weak map.
 */
export function createObjectMemory<Value>(): ObjectMemory<Value> {
  const fixed = new WeakMap<object, Value | undefined>();
  return class Memory extends Given {
    #value: Value | undefined;

    static get(object: object): Value | undefined {
      if (#value in object) return object.#value;
      return Object.isExtensible(object) ? undefined : fixed.get(object);
    }

    static set(object: object, value: Value | undefined): void {
      if (#value in object) object.#value = value;
      else if (!Object.isExtensible(object)) fixed.set(object, value);
      else if (value !== undefined) (new Memory(object) as Memory).#value = value;
    }
  };
}
