// Schemas of fine-grained authorization are read whole or rejected, and permissions follow from them.
import { describe, expect, it } from '@jest/globals';
import { Authorization } from '#lib/emulator/fga/authorization.js';
import { parseSchema } from '#lib/emulator/fga/schema.js';

const USER_TYPE = 'model AuthZ 1.0\ntype user\n';

const holding = (names: string, expression: string) => {
  const fga = new Authorization();
  const relations = ['a', 'b', 'c'].map((name) => `relation ${name}: user`).join('\n');
  fga.save(`${USER_TYPE}type doc\n${relations}\npermission can: ${expression}`);
  const base = { resourceType: 'doc', resource: 'd', targetType: 'user', target: 'u' };
  fga.add([...names].map((relation) => ({ ...base, relation })));
  return fga.judge({ tuple: { ...base, relation: 'can' } }).isAllowed;
};

describe('a permission', () => {
  it.each([
    ['a | b', ['a', 'b', 'ab', 'ac', 'bc', 'abc']],
    ['a & b', ['ab', 'abc']],
    ['a - b', ['a', 'ac']],
    ['a | b & c', ['a', 'ab', 'bc', 'abc', 'ac']],
    ['(a | b) & c', ['ac', 'bc', 'abc']],
    ['a | b - c', ['a', 'b', 'ab']],
    ['a | (b - c)', ['a', 'b', 'ab', 'ac', 'abc']],
  ])('%s is had by those who have %j', (expression, holders) => {
    const all = ['', 'a', 'b', 'c', 'ab', 'ac', 'bc', 'abc'];
    expect(all.filter((names) => holding(names, expression)).sort()).toEqual([...holders].sort());
  });
});

describe('parseSchema', () => {
  it.each([
    ['', 'A schema starts with: model AuthZ 1.0'],
    ['model AuthZ 1.01', 'A schema starts with: model AuthZ 1.0'],
    [`${USER_TYPE}relation a: user`, undefined],
    [`${USER_TYPE}type user`, 'The type user is defined twice'],
    [`${USER_TYPE}owner: user`, 'Expected type, got owner'],
    [`${USER_TYPE}type`, 'Expected a name, got the end'],
    [`${USER_TYPE}type type`, 'Expected a name, got type'],
    [`${USER_TYPE}type doc relation a user`, 'Expected :, got user'],
    [`${USER_TYPE}type doc relation a: group`, 'The type doc names group, which is not in the schema'],
    [`${USER_TYPE}type doc relation a: user#b`, 'The type doc names user#b, which is not in the schema'],
    [`${USER_TYPE}type doc relation a: user permission a: a`, 'The type doc defines a twice'],
    [`${USER_TYPE}type doc permission a: b`, 'Unknown relation or permission: b'],
    [
      `${USER_TYPE}type doc relation a: user permission b: a.c`,
      'a.c does not lead to a relation or permission',
    ],
    [`${USER_TYPE}type doc relation a: user permission b: (a`, 'Expected ), got the end'],
    [`${USER_TYPE}type doc relation a: user with Sober`, 'Unknown constraint: Sober'],
    [`${USER_TYPE}// a remark`, 'Unexpected text: // a remark'],
  ])('reads %j, or says what is wrong', (dsl, mistake) => {
    if (mistake === undefined) expect([...parseSchema(dsl).types.keys()]).toEqual(['user']);
    else expect(() => parseSchema(dsl)).toThrow(mistake);
  });

  it('rejects an expression that is too long to be checked', () => {
    for (const long of ['('.repeat(50_000), `a${' | a'.repeat(50_000)}`]) {
      const dsl = `${USER_TYPE}type doc relation a: user permission b: ${long}`;
      expect(() => parseSchema(dsl)).toThrow('An expression of a permission is too long');
    }
    const terms = `${'a | '.repeat(400)}a`;
    const several = `relation a: user permission b: ${terms} permission c: ${terms} permission d: ${terms}`;
    expect(parseSchema(`${USER_TYPE}type doc ${several}`).types.get('doc')?.permissions.size).toBe(3);
  });

  it('takes names of prototype members as names', () => {
    const dsl =
      'model AuthZ 1.0 type __proto__ relation constructor: __proto__ permission toString: constructor';
    expect(parseSchema(dsl).types.get('__proto__')?.permissions.has('toString')).toBe(true);
    expect(() => parseSchema(`${USER_TYPE}type doc permission a: hasOwnProperty`)).toThrow(
      'Unknown relation or permission: hasOwnProperty',
    );
  });
});
