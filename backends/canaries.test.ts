// Proves that the conformance suite passes a correct backend and fails every broken one by the check meant for it.
import test from 'ava';
import { canaries } from './canaries.ts';
import { backendFrom, conformance, conformanceChecks } from './conformance.ts';

const module = import.meta.resolve('./canaries.js');

conformance(test, backendFrom(module));

for (const [name, { check }] of Object.entries(canaries)) {
  test(`${name} is caught by: ${check}`, async (t) => {
    const found = conformanceChecks.find((candidate) => candidate.name === check);
    t.truthy(found, `no check is named '${check}'`);
    const error = await t.throwsAsync(async () => found?.run(backendFrom(module, { canary: name })));
    t.true(error?.message.includes(found?.rule ?? ''), 'the message quotes the rule');
    t.log(error?.message);
  });
}

test('every check can fail', (t) => {
  const caught = new Set(Object.values(canaries).map(({ check }) => check));
  t.deepEqual(
    conformanceChecks.filter(({ name }) => !caught.has(name)).map(({ name }) => name),
    [],
  );
});
