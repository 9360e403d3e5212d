import { builtIns, loadWorkload } from '../../harness/modules.ts';

const HEAD = `# Workloads

What \`statebench run --workload NAME\` can be given, with the job that each stands for. Every one gives the same events, bit for bit, for the same settings and seed, on every machine. \`npx statebench describe NAME\` prints the options of one, \`npx statebench list workloads\` this page in short. The modules in [\`workloads/\`](../workloads) say it; \`npm run gallery\` writes this page from them.

All but \`flights-delays\` and \`event-file\` run over synthetic events and share their options: number of keys and how events fall on them (\`keys\`, \`distribution=zipf\` …), whether keys come and go (\`regime\`), arrivals in event time, disorder and late events, and a payload beside the value. \`keyed=false\` puts all events of an aggregation under one key, \`aggregate\` chooses what is kept, and \`lateness\` lets windows that fired take events that come after.

Operators that keep whole events (medians, exact distinct counts and joins) give one more column, \`payload\`, where events carry a payload. It is a hash of all elements that the row is made of, computed from what the store returned, so that a store which loses a byte gives another output.

S is the state of one key and window, n = size / slide. Operations are per event at batch size 1; larger micro-batches read and write what they share once. [Events of your own](event-files.md) says how \`event-file\` reads files.
`;

/** The page of all built-in workloads, Markdown. @throws Error for one without a gallery */
export async function galleryPage(): Promise<string> {
  const rows = ['| workload | stands for | state operations |', '|---|---|---|'];
  const paragraphs: string[] = [];
  for (const name of builtIns('workload')) {
    const { description, gallery } = await loadWorkload(name);
    if (gallery === null) throw new Error(`workload '${name}' does not say what it is there for: export a gallery, as the others do`);
    const { job, operations, stresses, example } = gallery;
    rows.push(`| [\`${name}\`](#${name}) | ${job} | ${operations} |`);
    paragraphs.push(
      `## ${name}\n\n${description} ${job}\n\nStresses: ${stresses}\n\n\`\`\`sh\n${commandOf(example === undefined ? name : `${name}:${example}`)}\n\`\`\`\n`,
    );
  }
  return [HEAD, `${rows.join('\n')}\n`, ...paragraphs].join('\n');
}

function commandOf(workload: string): string {
  return `npx statebench run --workload ${workload} --backend memory --backend rocksdb --profile smoke`;
}
