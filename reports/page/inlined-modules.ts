import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const IMPORT = /^import \{([^}]*)\} from '([^']+)';$/gm;
const EXPORT = /^export (?=(?:async )?(?:function|class|const|let)\b[ *]*(\w+))/gm;
const DOC = /^[ \t]*\/\*\*[\s\S]*?\*\/\n/gm;

/**
 * Compiled modules as one plain script: `const NAME = …`, the exports of `entry`, in which all that it imports stands before it,
 * each module in a scope of its own. For pages, which must not load modules; what is run there is what is tested here.
 * @throws Error if one imports a package or uses a form of import or export that is not taken over
 */
export function inlinedModules(name: string, entry: URL): string {
  const places = new Map<string, number>();
  const scopes: string[] = [];

  const place = (url: URL): number => {
    const known = places.get(url.href);
    if (known !== undefined) return known;
    const file = fileURLToPath(url);
    const fail = (what: string): never => {
      throw new Error(`${file} cannot stand in a page: ${what}`);
    };
    const names: string[] = [];
    const body = readFileSync(url, 'utf8')
      .replace(DOC, '')
      .replace(/^\/\/# sourceMappingURL=.*$/gm, '')
      .replace(/^export \{\};$/gm, '')
      .replace(IMPORT, (_, list: string, from: string) => {
        if (!from.startsWith('.')) return fail(`it imports ${from}`);
        return `const {${list.replace(/\s+as\s+/g, ': ')}} = m${place(new URL(from, url))};`;
      })
      .replace(EXPORT, (_, exported: string) => {
        names.push(exported);
        return '';
      });
    const left = /^(?:import|export)\b.*$|<\/script|<!--/im.exec(body);
    if (left !== null) fail(`it contains '${left[0]}'`);
    places.set(url.href, scopes.length);
    scopes.push(`const m${scopes.length} = (() => {\n${body.trim()}\nreturn { ${names.join(', ')} };\n})();`);
    return scopes.length - 1;
  };

  const last = place(entry);
  return `const ${name} = (() => {\n${scopes.join('\n')}\nreturn m${last};\n})();\n`;
}
