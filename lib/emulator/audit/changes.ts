// Turns changes of the project's data into audit events: which action, about whom, and which values are new.
import type { JsonObject } from '../http/message.js';
import type { RecordChange } from '../store/project.js';
import type { AuditType } from './audit-event.js';
import { toNewValues, toViews } from './record-views.js';

/** An event without its time and origin. */
export interface AuditDraft {
  readonly action: string;
  /** Left out, information. */
  readonly type?: AuditType;
  /** Who did it; left out, the actor of the origin, or the user. */
  readonly actorId?: string;
  readonly userId?: string;
  readonly loginIds?: readonly string[];
  readonly tenantIds?: readonly string[];
  /** The authentication method of a sign-in. */
  readonly method?: string;
  readonly data?: JsonObject;
}

/** A change, or an event that changes no record, with its time. */
export type AuditNote =
  | { readonly kind: 'draft'; readonly atMs: number; readonly draft: AuditDraft }
  | { readonly kind: 'change'; readonly atMs: number; readonly change: RecordChange };

/** An event that has its time. */
export interface DatedDraft {
  readonly atMs: number;
  readonly draft: AuditDraft;
}

/** Creates the events of one request; those of a batch are one for each kind, where Descope has a name for it. */
export function toDrafts(notes: readonly AuditNote[], isBatch: boolean): readonly DatedDraft[] {
  const drafts = withoutEffects(merge(notes)).flatMap(toSubjectDrafts);
  if (!isBatch) return drafts;
  const singles = drafts.filter(({ draft }) => !PLURALS.has(draft.action));
  const merged = [...PLURALS].flatMap(([action, plural]) => {
    const some = drafts.filter(({ draft }) => draft.action === action);
    return some.length === 0 ? [] : [mergeBatch(plural, some)];
  });
  return [...merged, ...singles];
}

interface SubjectDraft extends DatedDraft {
  readonly subject?: Subject;
}

function toSubjectDrafts(note: AuditNote): readonly SubjectDraft[] {
  if (note.kind === 'draft') return [note];
  const subject = toSubject(note.change);
  return subject ? [{ atMs: note.atMs, draft: toDraft(subject), subject }] : [];
}

// Of one record only the first and the last state of a request count.
function merge(notes: readonly AuditNote[]): readonly AuditNote[] {
  const merged = new Map<unknown, AuditNote>();
  for (const note of notes) {
    const key = note.kind === 'draft' ? note : `${note.change.kind} ${idOf(note.change)}`;
    const first = merged.get(key);
    const isLater = note.kind === 'change' && first?.kind === 'change';
    // The compiler does not see that both are changes of one kind.
    const change = isLater && ({ ...note.change, before: first.change.before } as RecordChange);
    merged.set(key, change ? { ...note, change } : note);
  }
  return [...merged.values()];
}

// The end of a tenant changes its users and access keys, and that of a permission its roles: one event, of the cause.
function withoutEffects(notes: readonly AuditNote[]): readonly AuditNote[] {
  const isCause = (note: AuditNote) =>
    note.kind === 'change' && (note.change.kind === 'Tenant' || note.change.kind === 'Permission');
  return notes.some(isCause) ? notes.filter((note) => note.kind === 'draft' || isCause(note)) : notes;
}

type Verb = 'Created' | 'Modified' | 'Deleted';

/** What an event tells about a record. */
interface Subject {
  readonly kind: RecordChange['kind'];
  readonly verb: Verb;
  readonly id: string;
  readonly name: string;
  readonly loginIds: readonly string[];
  readonly tenantIds: readonly string[];
  /** The new values, where it was modified. */
  readonly fields: JsonObject;
}

function toSubject(change: RecordChange): Subject | undefined {
  const [before, after] = toViews(change);
  const view = after ?? before;
  if (!view) return undefined;
  const fields = before && after ? toNewValues(before.fields, after.fields) : {};
  if (before && after && Object.keys(fields).length === 0) return undefined;
  const tenantIds = [before, after].flatMap((side) => side?.tenantIds ?? []);
  return {
    kind: change.kind,
    verb: toVerb(change),
    id: idOf(change),
    name: view.name,
    loginIds: view.loginIds ?? [],
    tenantIds: [...new Set(tenantIds)],
    fields,
  };
}

function toVerb({ before, after }: RecordChange): Verb {
  if (!before) return 'Created';
  return after ? 'Modified' : 'Deleted';
}

const ID_FIELDS: Readonly<Record<RecordChange['kind'], string>> = {
  User: 'user_id',
  AccessKey: 'access_key_id',
  Role: 'role_id',
  Permission: 'permission_id',
  Tenant: 'tenant_id',
};

// Descope documents `permission_id`, and that a modified user comes with its new values.
function toDraft({ kind, verb, id, name, loginIds, tenantIds, fields }: Subject): AuditDraft {
  const isUser = kind === 'User';
  const data = {
    ...(isUser ? {} : { [ID_FIELDS[kind]]: id, name }),
    ...(verb === 'Modified' ? { Change: fields } : {}),
  };
  const type = verb === 'Deleted' && !isUser && kind !== 'AccessKey' ? 'warn' : 'info';
  return { action: `${kind}${verb}`, type, loginIds, tenantIds, data, ...(isUser ? { userId: id } : {}) };
}

// Descope's names of events about several records.
const PLURALS = new Map([
  ['UserCreated', 'UsersCreated'],
  ['UserModified', 'UsersModified'],
  ['UserDeleted', 'UsersDeleted'],
  ['AccessKeyDeleted', 'AccessKeysDeleted'],
]);

function mergeBatch(action: string, drafts: readonly SubjectDraft[]): DatedDraft {
  const subjects = drafts.flatMap(({ subject }) => subject ?? []);
  const [{ kind } = { kind: 'User' as const }] = subjects;
  return {
    atMs: Math.max(...drafts.map(({ atMs }) => atMs)),
    draft: {
      action,
      loginIds: subjects.flatMap(({ loginIds }) => loginIds),
      tenantIds: [...new Set(subjects.flatMap(({ tenantIds }) => tenantIds))],
      data: { [`${ID_FIELDS[kind]}s`]: subjects.map(({ id }) => id) },
    },
  };
}

function idOf(change: RecordChange): string {
  if (change.kind === 'User') return (change.after ?? change.before)?.userId ?? '';
  return (change.after ?? change.before)?.id ?? '';
}
