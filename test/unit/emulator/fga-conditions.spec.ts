// Conditions of a schema count by the context of a check, and what cannot be evaluated denies.
import { describe, expect, it } from '@jest/globals';
import { Authorization } from '#lib/emulator/fga/authorization.js';
import { parseSchema } from '#lib/emulator/fga/schema.js';

const TUPLE = { resourceType: 'doc', resource: 'd', targetType: 'user', target: 'u' };

const schemaOf = (constraints: string, members: string) => `model AuthZ 1.0
${constraints}
type user
type folder
  relation owner: user
type doc
  relation a: user
  relation b: user
${members}`;

const judge = (constraints: string, members: string, context: object = {}) => {
  const fga = new Authorization();
  fga.save(schemaOf(constraints, members));
  const held = ['a', 'b', ...['c', 'blocked'].filter((name) => members.includes(`relation ${name}:`))];
  fga.add(held.map((relation) => ({ ...TUPLE, relation })));
  return fga.judge({ tuple: { ...TUPLE, relation: 'can' }, context: new Map(Object.entries(context)) });
};
const isAllowed = (...args: Parameters<typeof judge>) => judge(...args).isAllowed;

describe('A constraint', () => {
  it.each<[string, object, object]>([
    ['IpRange("10.0.0.0/8")', { ip: '10.1.2.3' }, { ip: '11.1.2.3' }],
    ['IpRange("fd00::/8")', { ip: 'fd00::1' }, { ip: '10.1.2.3' }],
    ['IpRange', { ip: '10.1.2.3', ip_range: '10.1.0.0/16' }, { ip: 'x', ip_range: '0.0.0.0/0' }],
    ['IpList("1.2.3.4", "5.6.7.8")', { ip: '5.6.7.8' }, { ip: '5.6.7.80' }],
    ['DateExpiryEpochSeconds(100)', { now_epoch_seconds: 99 }, { now_epoch_seconds: 100 }],
    ['StringMatchRegex("^admin_\\d+$")', { str: 'admin_7' }, { str: 'xadmin_7' }],
    ['NumAtLeast(18)', { num: 18 }, { num: 17.9 }],
    ['NumAtMost(100)', { num: 100 }, { num: 101 }],
    ['NumRange(-5, 5)', { num: -5 }, { num: 6 }],
    ['NumRange', { num: 3, min: 1, max: 3 }, { num: 4, min: 1, max: 3 }],
    ['BoolCheck(true)', { bool: true }, { bool: false }],
    ['GeoCountry("DE", "FR")', { country_code: 'FR' }, { country_code: 'fr' }],
    [
      'GeoCountry',
      { country_code: 'FR', allowed_countries: ['FR'] },
      { country_code: 'FR', allowed_countries: [] },
    ],
    ['IntList(1, 2)', { int: 2 }, { int: 3 }],
    ['LabelList("foo")', { label: 'foo' }, { label: 'fo' }],
  ])('%s is met by %j, and not by %j', (kind, good, bad) => {
    const schema = [`constraint Only:${kind}`, 'permission can: a with Only'] as const;
    expect([isAllowed(...schema, good), isAllowed(...schema, bad), isAllowed(...schema)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('has the name of its kind if it has no other', () => {
    expect(isAllowed('constraint NumAtLeast(18)', 'permission can: a with NumAtLeast', { num: 20 })).toBe(
      true,
    );
  });

  it.each([
    ['constraint Only:Moon', 'Unknown kind of constraint: Moon'],
    ['constraint Only:toString', 'Unknown kind of constraint: toString'],
    ['constraint A:BoolCheck constraint A:NumAtLeast', 'The constraint A is defined twice'],
    ['constraint A:NumAtLeast("18")', 'The constraint A has other values than NumAtLeast takes'],
    ['constraint A:NumRange(1)', 'The constraint A has other values than NumRange takes'],
    ['constraint A:GeoCountry("DE", 7)', 'The constraint A has other values than GeoCountry takes'],
    ['constraint A:IpRange("ten/8")', 'The constraint A has other values than IpRange takes'],
    ['constraint A:IpRange("10.0.0.0")', 'The constraint A has other values than IpRange takes'],
    ['constraint A:StringMatchRegex("(")', 'The constraint A has other values than StringMatchRegex takes'],
    ['constraint A:StringMatchRegex', 'The constraint A has other values than StringMatchRegex takes'],
    ['constraint A:NumAtLeast(x)', 'Expected a value, got x'],
    ['condition A(n int) { n > 1 }', 'The emulator does not evaluate a condition in CEL'],
  ])('is rejected as %s', (constraints, mistake) => {
    expect(() => parseSchema(schemaOf(constraints, ''))).toThrow(mistake);
  });
});

const NUMBERS = 'constraint Adult:NumAtLeast(18) constraint Eu:GeoCountry("DE", "FR")';
const GERMAN = { num: 20, country_code: 'DE' };

describe('A condition', () => {
  it.each([
    ['Adult & Eu', [true, false, false, false]],
    ['Adult | Eu', [true, true, true, false]],
    ['!Adult & Eu', [false, false, true, false]],
    ['!(Adult | Eu)', [false, false, false, true]],
    ['Adult | !Adult & Eu', [true, true, true, false]],
  ])('%s is met by these of four', (text, met) => {
    const contexts = [
      GERMAN,
      { ...GERMAN, country_code: 'US' },
      { ...GERMAN, num: 3 },
      { num: 3, country_code: 'US' },
    ];
    expect(contexts.map((context) => isAllowed(NUMBERS, `permission can: a with ${text}`, context))).toEqual(
      met,
    );
  });

  it('applies wherever its relation is used', () => {
    const members = 'relation c: user with Adult\npermission via: c | c\npermission can: via with Eu';
    expect(isAllowed(NUMBERS, members, GERMAN)).toBe(true);
    expect(isAllowed(NUMBERS, members, { ...GERMAN, num: 3 })).toBe(false);
    expect(isAllowed(NUMBERS, members, { ...GERMAN, country_code: 'US' })).toBe(false);
  });

  it('applies to the relation that leads to another type', () => {
    const fga = new Authorization();
    fga.save(schemaOf(NUMBERS, 'relation parent: folder with Adult\npermission can: parent.owner'));
    fga.add([
      { ...TUPLE, relation: 'parent', targetType: 'folder', target: 'f' },
      { ...TUPLE, resourceType: 'folder', resource: 'f', relation: 'owner' },
    ]);
    const ask = (num: number) =>
      fga.judge({ tuple: { ...TUPLE, relation: 'can' }, context: new Map([['num', num]]) }).isAllowed;
    expect([ask(20), ask(3)]).toEqual([true, false]);
  });

  it.each<[string, object]>([
    ['a with Adult', {}],
    ['a with !Adult', {}],
    ['a with !Adult', { num: '20' }],
    ['a with Adult & Eu', { num: 20 }],
    ['a - blocked', {}],
    ['a - (b - (a - blocked))', {}],
  ])('denies %s where %j does not decide it', (expression, context) => {
    const members = `relation blocked: user with Adult\npermission can: ${expression}`;
    expect(judge(NUMBERS, members, context)).toMatchObject({ isAllowed: false, isConditional: true });
  });

  it.each<[string, object]>([
    ['a with Adult | Eu', { country_code: 'DE' }],
    ['(a - blocked) | b', {}],
    ['a - blocked', { num: 3 }],
  ])('allows %s where %j is enough', (expression, context) => {
    const members = `relation blocked: user with Adult\npermission can: ${expression}`;
    expect(isAllowed(NUMBERS, members, context)).toBe(true);
  });

  it('tells what the context lacks, and what has another type, without its value', () => {
    const found = judge(NUMBERS, 'permission can: a with Adult & Eu', { num: 'a secret' });
    expect(found).toEqual({
      ...{ isAllowed: false, isConditional: true, missing: ['country_code'] },
      mistakes: ['The value of num is no number'],
    });
  });

  it('reads no member of a prototype as a value', () => {
    expect(judge('constraint A:LabelList("x")', 'permission can: a with A').missing).toEqual(['label']);
  });

  it('keeps relations where it alone changes', () => {
    const fga = new Authorization();
    fga.save(schemaOf(NUMBERS, 'relation c: user with Adult'));
    fga.add([{ ...TUPLE, relation: 'c' }]);
    expect(fga.preview(schemaOf(NUMBERS, 'relation c: user')).relations).toEqual([]);
    fga.save(schemaOf(NUMBERS, 'relation c: user with Eu'));
    expect(fga.relations).toHaveLength(1);
  });

  it('is not left out where a schema is written as namespaces', () => {
    const fga = new Authorization();
    fga.save(schemaOf(NUMBERS, 'relation c: user with Adult'));
    expect(() => fga.document).toThrow('Namespaces have no conditions, which the type doc has');
  });
});
