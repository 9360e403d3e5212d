// Proves that quotas and throttled periods are read from control groups of version 1 and 2, those above the own one included, from trees
// of files as containers have them; and that where nothing can be read there is a reason.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { cpuQuota, readThrottling, throttledBetween } from './cpu-quota.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'statebench-quota-test-'));
test.after.always('remove the folder', () => rmSync(folder, { recursive: true, force: true }));

let trees = 0;

/** A root with these files, by path. */
function tree(files: Readonly<Record<string, string>>): {
  readonly proc: string;
  readonly root: string;
  write(files: Readonly<Record<string, string>>): void;
} {
  const root = path.join(folder, String(++trees));
  const write = (more: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(more)) {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), text);
    }
  };
  write(files);
  return { proc: path.join(root, 'proc'), root, write };
}

const MOUNTS = {
  v1: (root = '/') => `30 25 0:26 ${root} /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n`,
  v2: (root = '/') => `29 23 0:25 ${root} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n`,
};
const v1Stat = (periods: number, throttled: number, ns: number) =>
  `nr_periods ${periods}\nnr_throttled ${throttled}\nthrottled_time ${ns}\n`;
const v2Stat = (periods: number, throttled: number, us: number) =>
  `usage_usec 5\nnr_periods ${periods}\nnr_throttled ${throttled}\nthrottled_usec ${us}\n`;

test('version 1: the smallest quota on the path counts, and what was throttled there', (t) => {
  const top = 'sys/fs/cgroup/cpu,cpuacct';
  const { proc, root, write } = tree({
    'proc/self/cgroup': '9:memory:/x\n4:cpu,cpuacct:/pod/own\n0::/\n',
    'proc/self/mountinfo': MOUNTS.v1(),
    [`${top}/cpu.stat`]: v1Stat(0, 0, 0),
    [`${top}/cpu.cfs_quota_us`]: '-1\n',
    [`${top}/cpu.cfs_period_us`]: '100000\n',
    [`${top}/pod/cpu.stat`]: v1Stat(100, 10, 1e9),
    [`${top}/pod/cpu.cfs_quota_us`]: '50000\n',
    [`${top}/pod/cpu.cfs_period_us`]: '100000\n',
    [`${top}/pod/own/cpu.stat`]: v1Stat(100, 0, 0),
    [`${top}/pod/own/cpu.cfs_quota_us`]: '150000\n',
    [`${top}/pod/own/cpu.cfs_period_us`]: '100000\n',
  });
  t.deepEqual(cpuQuota(proc, root), { cpus: 0.5, reason: null });
  const before = readThrottling(proc, root);
  write({ [`${top}/pod/cpu.stat`]: v1Stat(120, 25, 3.5e9) });
  const after = readThrottling(proc, root);
  if (typeof before === 'string' || typeof after === 'string') return t.fail(String(before));
  t.deepEqual(throttledBetween(before, after), { share: 0.75, periods: 15, seconds: 2.5 });
});

test('version 2: cpu.max and microseconds', (t) => {
  const { proc, root, write } = tree({
    'proc/self/cgroup': '0::/system.slice/run.service\n',
    'proc/self/mountinfo': MOUNTS.v2(),
    'sys/fs/cgroup/cpu.stat': 'usage_usec 9\n',
    'sys/fs/cgroup/system.slice/cpu.stat': v2Stat(0, 0, 0),
    'sys/fs/cgroup/system.slice/cpu.max': 'max 100000\n',
    'sys/fs/cgroup/system.slice/run.service/cpu.stat': v2Stat(10, 1, 5e4),
    'sys/fs/cgroup/system.slice/run.service/cpu.max': '20000 100000\n',
  });
  t.deepEqual(cpuQuota(proc, root), { cpus: 0.2, reason: null });
  const before = readThrottling(proc, root);
  write({ 'sys/fs/cgroup/system.slice/run.service/cpu.stat': v2Stat(20, 11, 8e5) });
  const after = readThrottling(proc, root);
  if (typeof before === 'string' || typeof after === 'string') return t.fail(String(before));
  t.deepEqual(throttledBetween(before, after), { share: 1, periods: 10, seconds: 0.75 });
});

test('a container that sees only its own group: the mount is that group', (t) => {
  for (const own of ['/docker/abc', '/']) {
    const { proc, root } = tree({
      'proc/self/cgroup': `4:cpu,cpuacct:${own}\n`,
      'proc/self/mountinfo': MOUNTS.v1(own),
      'sys/fs/cgroup/cpu,cpuacct/cpu.stat': v1Stat(0, 0, 0),
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '200000\n',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    });
    t.deepEqual(cpuQuota(proc, root), { cpus: 2, reason: null }, own);
  }
});

test('no quota is null without a reason; nothing to read is null with one', (t) => {
  const free = tree({ 'proc/self/cgroup': '0::/\n', 'proc/self/mountinfo': MOUNTS.v2(), 'sys/fs/cgroup/cpu.stat': 'usage_usec 9\n' });
  t.deepEqual(cpuQuota(free.proc, free.root), { cpus: null, reason: null });
  const counters = readThrottling(free.proc, free.root);
  t.true(typeof counters !== 'string' && throttledBetween(counters, counters).share === 0);
  const none = tree({});
  t.regex(cpuQuota(none.proc, none.root).reason!, /there is no .*self\/cgroup/);
  const bare = tree({ 'proc/self/cgroup': '3:memory:/\n', 'proc/self/mountinfo': '' });
  t.regex(String(readThrottling(bare.proc, bare.root)), /no control group of this process has a CPU controller/);
});
