// Decorators → what a handler asks: near and far, inherited, replaced, and what cannot be meant together.
import { describe, expect, it } from '@jest/globals';
import { UseGuards } from '@nestjs/common';
import type { AccessDecorator, AccessPolicy, Demand } from 'nestjs-descope';
import {
  Accepts,
  Amr,
  Audience,
  AuthGuard,
  Authorize,
  Mfa,
  OptionalAuth,
  Permissions,
  Public,
  Roles,
  Scopes,
  Staff,
  StepUp,
  Superuser,
  Tenant,
} from 'nestjs-descope';
import type { Handler, HandlerClass } from '#lib/auth/access/access-policy.js';
import { hasOwnDemand, readAccessPolicy, readGuards, readMethods } from '#lib/auth/access/access-policy.js';

const role = (name: string): Demand => ({
  kind: 'roles',
  names: [name],
  match: 'any',
  tenant: undefined,
  orProject: undefined,
});
const policyOf = (type: HandlerClass, handler: Handler): AccessPolicy => readAccessPolicy(type, handler);
const copyOnto = <T extends Handler>(handler: T, entry: object): T => {
  Reflect.defineMetadata('nestjs-descope:access', [{ label: '', ...entry }], handler);
  return handler;
};
const shortOf = (type: HandlerClass, handler: Handler) => {
  const { mode, demands } = policyOf(type, handler);
  return [mode, ...demands.map((demand) => ('names' in demand ? demand.names.join() : demand.kind))];
};

function decorated(onMethod: readonly AccessDecorator[], onClass: readonly AccessDecorator[] = []) {
  class OrdersController {
    list() {}
  }
  const { prototype } = OrdersController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'list') as PropertyDescriptor;
  for (const decorate of onMethod) decorate(prototype, 'list', descriptor);
  for (const decorate of onClass) decorate(OrdersController);
  return () => readAccessPolicy(OrdersController, prototype.list);
}

describe('What a handler asks', () => {
  it('is a sign-in where nothing is said', () => {
    const policy = decorated([])();
    expect(policy).toStrictEqual({ mode: 'required', demands: [], tenantSources: [], rules: [] });
    expect(Object.isFrozen(policy)).toBe(true);
  });

  it('is what stands at it and at its class, each once, near before far', () => {
    expect(decorated([Roles('b'), Roles('a')], [Roles('c')])()).toStrictEqual({
      mode: 'required',
      demands: [role('b'), role('a'), role('c')],
      tenantSources: [],
      rules: [],
    });
  });

  it.each<[string, AccessDecorator[], AccessDecorator[], string]>([
    ['public at the handler', [Public()], [Roles('a')], 'public'],
    ['public at the class', [], [Public()], 'public'],
    ['closed in a public class', [Public(false)], [Public()], 'required'],
    ['optional in a public class', [OptionalAuth()], [Public()], 'optional'],
    ['public in an optional class', [Public()], [OptionalAuth()], 'public'],
    ['a demand in a public class', [Roles('a')], [Public()], 'required'],
    ['a demand in an optional class', [Roles('a')], [OptionalAuth()], 'required'],
    ['a rule in a public class', [Authorize(() => true)], [Public()], 'required'],
    ['an audience in a public class', [Audience('a')], [Public()], 'required'],
    ['optional in a class with a demand', [OptionalAuth()], [Roles('a')], 'optional'],
  ])('has the nearest mode, which a demand nearer than it closes: %s', (_what, near, far, mode) => {
    expect(decorated(near, far)().mode).toBe(mode);
  });

  it('keeps of an open handler its acceptance alone where a sign-in is optional, and nothing where it is public', () => {
    const far = [Roles('a'), Accepts('user'), Audience('api'), Authorize(() => true)];
    const kept: Demand[] = [
      { kind: 'accepts', kinds: ['user'] },
      { kind: 'audience', names: ['api'] },
    ];
    expect(decorated([OptionalAuth()], far)()).toStrictEqual({ mode: 'optional', demands: kept, rules: [] });
    expect(decorated([Public()], far)()).toStrictEqual({ mode: 'public', demands: [], rules: [] });
  });

  it('counts rules near and far, as they are written: the class’s first', () => {
    const near = () => true;
    const far = () => false;
    const rules = [
      { kind: 'rule', rule: far },
      { kind: 'rule', rule: near },
    ];
    expect(decorated([Authorize(near)], [Authorize(far)])()).toStrictEqual({
      mode: 'required',
      demands: [],
      tenantSources: [],
      rules,
    });
  });

  it('is read once for each class, and not the same for two that share a method', () => {
    class Base {
      @Roles('a') list() {}
    }
    @Permissions('p')
    class Derived extends Base {}
    const { list } = Base.prototype;
    expect(policyOf(Base, list)).toBe(policyOf(Base, list));
    expect([shortOf(Base, list), shortOf(Derived, list)]).toEqual([
      ['required', 'a'],
      ['required', 'a', 'p'],
    ]);
    expect(policyOf(Derived, list)).toBe(policyOf(Derived, list));
  });

  it('is noted under a name that other copies of the package know', () => {
    @Roles('class')
    class Noted {
      @Roles('method') list() {}
    }
    const KEY = 'nestjs-descope:access';
    const entry = (name: string) => [{ demand: role(name), label: `@Roles('${name}')` }];
    expect(Reflect.getOwnMetadata(KEY, Noted)).toEqual(entry('class'));
    expect(Reflect.getOwnMetadata(KEY, Noted.prototype, 'list')).toEqual(entry('method'));
    expect(Reflect.getOwnMetadata(KEY, Noted.prototype.list)).toEqual(entry('method'));
  });
});

@Roles('staff')
class Crud {
  @Roles('admin') remove() {}
  @Public() about() {}
  @OptionalAuth() news() {}
  @Public(false) secret() {}
}

@Public()
class Opened extends Crud {
  override remove() {}
  override about() {}
  override news() {}
  override secret() {}
}

describe('An overridden method', () => {
  it('hands down its demands and that it is closed, and not its openness', () => {
    const { prototype } = Opened;
    expect(shortOf(Opened, prototype.remove)).toEqual(['required', 'admin', 'staff']);
    expect(shortOf(Opened, prototype.secret)).toEqual(['required', 'staff']);
    expect(shortOf(Opened, prototype.about)).toEqual(['public']);
    class Plain extends Crud {
      override about() {}
      override news() {}
    }
    expect(shortOf(Plain, Plain.prototype.about)).toEqual(['required', 'staff']);
    expect(shortOf(Plain, Plain.prototype.news)).toEqual(['required', 'staff']);
    expect(shortOf(Plain, Crud.prototype.about)).toEqual(['public']); // the one above, named by itself
  });

  it('keeps the openness of one that is inherited as it is', () => {
    class Same extends Crud {}
    expect(shortOf(Same, Same.prototype.about)).toEqual(['public']);
    expect(shortOf(Same, Same.prototype.news)).toEqual(['optional']);
  });
});

describe('Openness', () => {
  class Written {
    @Public() written() {}
  }

  it.each<[string, AccessDecorator]>([
    ['public', Public()],
    ['optional', OptionalAuth()],
  ])(
    'of a class is of the methods that it wrote, and of none that an heir adds or overrides: %s',
    (mode, open) => {
      class Base {
        written() {}
        overridden() {}
      }
      open(Base);
      class Heir extends Base {
        override overridden() {}
        added() {}
      }
      const { prototype } = Heir;
      expect(shortOf(Heir, prototype.written)).toEqual([mode]);
      for (const handler of [prototype.overridden, prototype.added])
        expect(shortOf(Heir, handler)).toEqual(['required']);
    },
  );

  it('of a method ends at an heir that closes it, by a demand or by saying so', () => {
    @Roles('admin')
    class Demanding extends Written {}
    @Public(false)
    class Closing extends Written {}
    class Silent extends Demanding {}
    expect(shortOf(Demanding, Written.prototype.written)).toEqual(['required', 'admin']);
    expect(shortOf(Closing, Written.prototype.written)).toEqual(['required']);
    expect(shortOf(Silent, Written.prototype.written)).toEqual(['required', 'admin']);
    expect(shortOf(Written, Written.prototype.written)).toEqual(['public']);
  });

  it('may be said again by an heir, for what it inherits and not for its own heirs', () => {
    class Plain {
      list() {}
    }
    @Roles('admin')
    class Demanding extends Written {}
    @Public()
    class Reopened extends Demanding {}
    @Public()
    class Opened extends Plain {}
    class Silent extends Opened {}
    expect(shortOf(Reopened, Written.prototype.written)).toEqual(['public']);
    expect(shortOf(Opened, Plain.prototype.list)).toEqual(['public']);
    expect(shortOf(Silent, Plain.prototype.list)).toEqual(['required']);
  });

  it('of a method is not changed by an heir that says something else and closes nothing', () => {
    @OptionalAuth()
    class Half extends Written {}
    class Renaming extends Crud {}
    Object.defineProperty(Renaming.prototype, 'imprint', { value: Crud.prototype.about });
    expect(shortOf(Half, Written.prototype.written)).toEqual(['public']);
    expect(shortOf(Renaming, Crud.prototype.about)).toEqual(['public']);
  });

  it('is copied onto what stands in for a method, and ends where that of the method ends', () => {
    const toTracer = (name: string) =>
      copyOnto(
        Object.defineProperty(() => undefined, 'name', { value: name }),
        { mode: 'public' },
      );
    @Roles('admin')
    class Demanding extends Written {}
    expect(shortOf(Written, toTracer('written'))).toEqual(['public']);
    expect(shortOf(Demanding, toTracer('written'))).toEqual(['required', 'admin']);
    expect(shortOf(Crud, toTracer('about'))).toEqual(['public']);
    expect(shortOf(Crud, toTracer('unheard'))).toEqual(['required', 'staff']);
  });

  it('of a class is not of a function that stands in for an unknown one of its heir', () => {
    @Public()
    class Base {
      list() {}
    }
    class Heir extends Base {}
    expect(shortOf(Heir, () => undefined)).toEqual(['required']);
  });
});

describe('What stands in for a method', () => {
  class Orders {
    @Roles('admin') admin() {}
    @Roles('editor') edit() {}
    @Public() open() {}
  }
  const { prototype } = Orders;
  const orders = new Orders();
  const inOrder = (handler: Handler) => shortOf(Orders, handler).sort();

  it('is asked what the method asks that it was bound from, once or twice', () => {
    expect(shortOf(Orders, prototype.admin.bind(orders))).toEqual(['required', 'admin']);
    expect(shortOf(Orders, prototype.admin.bind(orders).bind(orders))).toEqual(['required', 'admin']);
    expect(shortOf(Orders, prototype.open.bind(orders))).toEqual(['public']);
  });

  it('must meet the demands of every method where its own method is not known', () => {
    const unknown = function unknown() {};
    for (const handler of [() => undefined, unknown, unknown.bind(orders), function admin() {}, {}])
      expect(inOrder(handler)).toEqual(['admin', 'editor', 'required']);
    const misnamed = () => undefined;
    Object.defineProperty(misnamed, 'name', { value: 'not bound admin' });
    expect(inOrder(misnamed)).toEqual(['admin', 'editor', 'required']);
  });

  it('is asked what was copied onto it, and what the method of its name asks', () => {
    const tracer = copyOnto(function edit() {}, { demand: role('copied') });
    expect(shortOf(Orders, tracer)).toEqual(['required', 'copied', 'editor']);
  });

  it('is asked by each of its names where it has several', () => {
    class Aliased {
      @Roles('one') one() {}
      @Roles('two') two() {}
    }
    Object.defineProperty(Aliased.prototype, 'two', { value: Aliased.prototype.one });
    expect(shortOf(Aliased, Aliased.prototype.one)).toEqual(['required', 'one', 'two', 'one']);
  });

  it('keeps a demand of a class that a decorator put a proxy in place of', () => {
    class Hidden {
      list() {}
    }
    Roles('admin')(new Proxy(Hidden, {}));
    expect(shortOf(Hidden, Hidden.prototype.list)).toEqual(['required', 'admin']);
    class Stranger {
      list() {}
    }
    const impostor = function () {};
    impostor.prototype = { constructor: Stranger };
    Roles('admin')(impostor);
    expect(shortOf(Stranger, Stranger.prototype.list)).toEqual(['required']);
    for (const target of [{}, { prototype: {} }, { prototype: { constructor: 7 } }])
      expect(() => Roles('admin')(target as never)).not.toThrow();
  });

  it('may be a property, for which no descriptor is given', () => {
    class Lazy {
      list!: () => undefined;
    }
    (Roles('admin') as PropertyDecorator)(Lazy.prototype, 'list');
    expect(Reflect.getOwnMetadata('nestjs-descope:access', Lazy.prototype, 'list')).toHaveLength(1);
  });

  it('may be an accessor, which is noted by its name', () => {
    class Lazy {
      @Roles('admin') get list() {
        return () => undefined;
      }
    }
    expect(Reflect.getOwnMetadata('nestjs-descope:access', Lazy.prototype, 'list')).toHaveLength(1);
    expect([...readMethods(Lazy).keys()]).toEqual([]);
  });
});

describe('hasOwnDemand', () => {
  @Roles('class')
  class Base {
    @Roles('a') asks() {}
    @Authorize(() => true) follows() {}
    @Public() open() {}
    @Public(false) closed() {}
    plain() {}
  }
  class Derived extends Base {
    override asks() {}
  }

  it('distinguishes a handler with its own demand or rule from one whose class alone has them', () => {
    const { asks, follows, open, closed, plain } = Base.prototype;
    const isAsked = (handler: Handler) => hasOwnDemand(Base, handler);
    expect([asks, follows, open, closed, plain].map(isAsked)).toEqual([true, true, false, false, false]);
  });

  it('counts what an overridden method asks', () => {
    expect(hasOwnDemand(Derived, Derived.prototype.asks)).toBe(true);
    expect(hasOwnDemand(Derived, Derived.prototype.plain)).toBe(false);
  });

  it('counts what was copied onto a handler that stands in for a method, else what any method asks', () => {
    const copied = copyOnto(function plain() {}, { demand: role('copied') });
    expect(hasOwnDemand(Base, copied)).toBe(true);
    expect(
      hasOwnDemand(
        Base,
        copyOnto(function plain() {}, { mode: 'public' }),
      ),
    ).toBe(false);
    expect(hasOwnDemand(Base, () => undefined)).toBe(true);
    class Open {
      @Public() open() {}
    }
    expect(hasOwnDemand(Open, () => undefined)).toBe(false);
  });
});

describe('readMethods', () => {
  const symbol = Symbol('list');
  class Base {
    one() {}
    two() {}
  }
  class Derived extends Base {
    static none() {}
    field = () => undefined;
    override two() {}
    [symbol]() {}
    get loud(): never {
      throw new Error('It was called.');
    }
  }
  Object.defineProperty(Derived.prototype, 'text', { value: 'text' });

  it('names own and inherited methods, the nearest of two with one name, and calls no accessor', () => {
    const methods = readMethods(Derived);
    expect(new Set(methods.keys())).toEqual(new Set(['one', 'two', symbol]));
    expect(methods.get('two')).toBe(Derived.prototype.two);
    expect(methods.get('one')).toBe(Base.prototype.one);
  });

  it('finds none where there is no prototype', () => {
    expect(readMethods(Object.assign(function () {}, { prototype: null }) as never).size).toBe(0);
  });
});

describe('readGuards', () => {
  it('reads what @UseGuards put on the class and on the method', () => {
    class Other extends AuthGuard {}
    @UseGuards(AuthGuard)
    class Guarded {
      @UseGuards(Other) list() {}
      plain() {}
    }
    class Bare {
      list() {}
    }
    expect(readGuards(Guarded, Guarded.prototype.list)).toEqual([AuthGuard, Other]);
    expect(readGuards(Guarded, Guarded.prototype.plain)).toEqual([AuthGuard]);
    expect(readGuards(Bare, Bare.prototype.list)).toEqual([]);
  });
});

describe('An openness beside a demand at one place', () => {
  const isOpen = Authorize(function isOpen() {
    return true;
  });
  it.each([
    ["@Roles('admin', 'editor')", Roles('admin', 'editor')],
    ["@Roles.all('admin')", Roles.all('admin')],
    ["@Permissions('read')", Permissions('read')],
    ["@Permissions.any('read')", Permissions.any('read')],
    ["@Scopes('read')", Scopes('read')],
    ["@Scopes.any('read')", Scopes.any('read')],
    ["@Amr('totp')", Amr('totp')],
    ["@Amr.all('totp')", Amr.all('totp')],
    ['@StepUp()', StepUp()],
    ['@Mfa()', Mfa()],
    ['@Staff()', Staff()],
    ['@Superuser()', Superuser()],
    ['@Tenant()', Tenant({ from: 'dct' })],
    ['@Authorize(isOpen)', isOpen],
  ])('contradicts it, and both are named: %s', (label, decorator) => {
    for (const [open, name] of [
      [Public(), '@Public()'],
      [OptionalAuth(), '@OptionalAuth()'],
    ] as const) {
      const rejection = {
        code: 'CONFIG_DEMAND_CONTRADICTED',
        message: expect.stringContaining(
          `${name} and ${label} contradict each other at OrdersController.list`,
        ),
        details: { where: 'OrdersController.list', decorators: [name, label] },
      };
      expect(decorated([open, decorator])).toThrow(expect.objectContaining(rejection));
      expect(decorated([], [open, decorator])).toThrow(expect.objectContaining(rejection));
    }
  });

  it.each([
    ["@Audience('api')", Audience('api')],
    ["@Accepts('user', 'app')", Accepts('user', 'app')],
  ])(
    'contradicts it where it is public, and may be meant where a sign-in is optional: %s',
    (label, decorator) => {
      const rejection = { code: 'CONFIG_DEMAND_CONTRADICTED', details: { decorators: ['@Public()', label] } };
      expect(decorated([Public(), decorator])).toThrow(
        expect.objectContaining({ ...rejection, details: expect.objectContaining(rejection.details) }),
      );
      for (const both of [
        [OptionalAuth(), decorator],
        [decorator, OptionalAuth()],
      ])
        expect(decorated(both)()).toMatchObject({ mode: 'optional', demands: [expect.anything()] });
    },
  );

  it('contradicts another openness, and repeats itself at will', () => {
    expect(decorated([Public(), OptionalAuth()])).toThrow('contradict');
    expect(decorated([Public(), Public(false)])).toThrow('@Public() and @Public(false)');
    expect(decorated([Public(), Public()])().mode).toBe('public');
    expect(decorated([Public(false), Roles('a')])().mode).toBe('required');
  });
});

describe('Demands at a handler and its class', () => {
  it('must leave somebody to call', () => {
    const rejection = expect.objectContaining({
      code: 'CONFIG_DEMAND_CONTRADICTED',
      message: expect.stringContaining('@Accepts of OrdersController.list'),
      details: { where: 'OrdersController.list' },
    });
    expect(decorated([Accepts('user')], [Accepts('access-key', 'app')])).toThrow(rejection);
    expect(decorated([Accepts('user', 'app')], [Accepts('access-key', 'agent')])).toThrow(rejection);
    expect(decorated([Accepts('user', 'app'), Accepts('user')], [Accepts('app')])).toThrow(rejection);
    expect(decorated([Accepts('app', 'user')], [Accepts('access-key', 'user')])().demands).toHaveLength(2);
  });

  it('must name the tenant of the route where a grant is asked for in it', () => {
    const inTenant = Roles('admin', { tenant: true });
    for (const others of [[], [Roles('staff')], [Roles('staff', { tenant: 'dct' })], [Mfa()]])
      expect(decorated([inTenant, ...others])).toThrow(
        expect.objectContaining({
          code: 'CONFIG_DEMAND_TENANTLESS',
          message: expect.stringContaining('OrdersController.list'),
          details: { where: 'OrdersController.list' },
        }),
      );
    expect(decorated([inTenant], [Tenant({ from: 'dct' })])().demands).toHaveLength(2);
    expect(decorated([Roles('admin', { tenant: 'dct' })])().demands).toHaveLength(1);
    expect(decorated([Mfa()])().demands).toEqual([{ kind: 'mfa' }]);
  });

  it('are reported for a handler without a name too', () => {
    @Public()
    @Roles('admin')
    class Orders {}
    expect(() => readAccessPolicy(Orders, {})).toThrow(' at Orders.handler.');
  });
});
