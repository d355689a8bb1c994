// The names that an application gives to resources of fine-grained authorization, to show them to people.

/** A resource and its name, in the form of Descope's API. */
export interface ResourceDetail {
  readonly resourceId: string;
  readonly resourceType: string;
  readonly displayName: string;
}

/** Keeps the details of resources. */
export class ResourceDetails {
  readonly #byKey = new Map<string, ResourceDetail>();

  /** Adds or replaces details. */
  save(details: readonly ResourceDetail[]): void {
    for (const detail of details) this.#byKey.set(toKey(detail), detail);
  }

  /** The details of those resources that have any. */
  load(resources: readonly Omit<ResourceDetail, 'displayName'>[]): readonly ResourceDetail[] {
    return resources.flatMap((resource) => this.#byKey.get(toKey(resource)) ?? []);
  }

  /** Removes all details. */
  clear(): void {
    this.#byKey.clear();
  }
}

function toKey({ resourceType, resourceId }: Omit<ResourceDetail, 'displayName'>): string {
  return JSON.stringify([resourceType, resourceId]);
}
