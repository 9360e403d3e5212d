import { inlinedModules } from './inlined-modules.ts';

/**
 * The page's script: decides again when a limit moves, sorts, pins and filters tables, switches the theme, offers downloads.
 * Without it everything can still be read. Nothing in it comes from results; what it shows of them goes through text nodes,
 * textContent or a Blob. What decides is the compiled code of `answer.ts`, which the page itself was made with.
 */
export const SCRIPT = `'use strict';
(() => {
  const root = document.documentElement;
  const find = (selector, from = document) => [...from.querySelectorAll(selector)];
  for (const element of find('[data-needs-script]')) element.hidden = false;

  const remember = (theme) => { try { localStorage.setItem('statebench-theme', theme); } catch {} };
  const recall = () => { try { return localStorage.getItem('statebench-theme'); } catch { return null; } };
  const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const themeButton = document.getElementById('theme');
  const nameTheme = () => { themeButton.textContent = isDark() ? 'Light theme' : 'Dark theme'; };
  const stored = recall();
  if (stored === 'dark' || stored === 'light') root.dataset.theme = stored;
  themeButton.addEventListener('click', () => { root.dataset.theme = isDark() ? 'light' : 'dark'; remember(root.dataset.theme); nameTheme(); });
  nameTheme();

  /** Pinned rows first, then those that may compete, then the others, the null backend last; within each by the sorted column. */
  const arrange = (table) => {
    const { sorted, ascending } = table;
    const rank = (body) => body.classList.contains('harness') ? 3 : body.classList.contains('pinned') ? 0 : body.classList.contains('apart') ? 2 : 1;
    const value = (body) => sorted === undefined ? body.place : body.rows[0].cells[sorted].dataset.value ?? '';
    const compare = (a, b) => {
      if (rank(a) !== rank(b)) return rank(a) - rank(b);
      const [x, y] = [value(a), value(b)];
      if (x === '' || y === '') return (x === '' ? 1 : 0) - (y === '' ? 1 : 0);
      const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
      return ascending ? order : -order;
    };
    const before = find('tbody', table);
    const bodies = before.toSorted(compare);
    if (bodies.some((body, i) => body !== before[i])) table.append(...bodies);
    bodies.forEach((body, i) => body.classList.toggle('ruled', rank(body) === 2 && i > 0 && rank(bodies[i - 1]) < 2));
  };

  /** What a table's column, pins and filter are; in the address under the id of its group. */
  const views = [];
  const filters = new Map();
  for (const table of find('table.cells')) {
    table.ascending = true;
    const view = { id: table.closest('article')?.id ?? '', sortBy: () => {}, pins: new Map(), words: null, within: null, filter: () => {}, table };
    views.push(view);
    const heads = find('thead tr:last-child th', table);
    view.sortBy = (column, ascending) => {
      heads.forEach((head, i) => {
        if (i === column) head.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
        else head.removeAttribute('aria-sort');
      });
      Object.assign(table, { sorted: heads[column] === undefined ? undefined : column, ascending });
    };
    find('tbody', table).forEach((body, place) => { body.place = place; });
    heads.forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => {
        const ascending = head.getAttribute('aria-sort') ? head.getAttribute('aria-sort') === 'descending' : head.dataset.first === 'ascending';
        view.sortBy(column, ascending);
        arrange(table);
        keep();
      });
    });
    for (const body of find('tbody:not(.harness)', table)) {
      const name = body.rows[0].cells[0].dataset.value;
      const pin = document.createElement('button');
      pin.type = 'button';
      pin.className = 'pin';
      pin.textContent = 'pin';
      pin.setAttribute('aria-label', 'Pin ' + name + ' to the top');
      pin.setAttribute('aria-pressed', 'false');
      const press = (pinned) => {
        body.classList.toggle('pinned', pinned);
        pin.setAttribute('aria-pressed', String(pinned));
      };
      view.pins.set(name, { body, press });
      pin.addEventListener('click', () => {
        press(!body.classList.contains('pinned'));
        arrange(table);
        keep();
      });
      body.rows[0].cells[0].append(pin);
    }
    const bar = table.closest('.card')?.querySelector('.filter') ?? null;
    if (bar === null) continue;
    const [words, within] = [bar.querySelector('[type=search]'), bar.querySelector('[type=checkbox]')];
    const filter = () => {
      const wanted = words.value.trim().toLowerCase().split(/[\\s,]+/).filter((word) => word !== '');
      let hidden = 0;
      for (const body of find('tbody:not(.harness)', table)) {
        const name = body.rows[0].cells[0].dataset.value.toLowerCase();
        const isNamed = wanted.length === 0 || wanted.some((word) => name.includes(word));
        body.hidden = !body.classList.contains('pinned') && (!isNamed || (within.checked && !['picked', 'passes'].includes(body.dataset.outcome)));
        hidden += body.hidden ? 1 : 0;
      }
      bar.querySelector('output').textContent = hidden === 0 ? '' : hidden + ' hidden';
    };
    for (const [input, type] of [[words, 'input'], [within, 'change']]) input.addEventListener(type, () => { filter(); keep(); });
    Object.assign(view, { words, within, filter });
    filters.set(table, filter);
  }
  /** As it stands in the address; nothing where it is as it was made. */
  const viewTexts = ({ id, table, pins, words, within }) => {
    const pinned = [...pins].filter(([, { body }]) => body.classList.contains('pinned')).map(([name]) => encodeURIComponent(name));
    return [
      ...(table.sorted === undefined ? [] : ['sort.' + id + '=' + table.sorted + (table.ascending ? '-up' : '-down')]),
      ...(pinned.length === 0 ? [] : ['pin.' + id + '=' + pinned.join(';')]),
      ...(words === null || words.value === '' ? [] : ['show.' + id + '=' + encodeURIComponent(words.value)]),
      ...(within === null || !within.checked ? [] : ['within.' + id + '=1']),
    ];
  };
  const unencoded = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
  const setView = (view, given) => {
    const of = (what) => given.get(what + '.' + view.id) ?? '';
    const [, column, way] = /^(\\d{1,2})-(up|down)$/.exec(of('sort')) ?? [];
    view.sortBy(column === undefined ? undefined : Number(column), way !== 'down');
    const pinned = new Set(of('pin').split(';').map(unencoded));
    for (const [name, { press }] of view.pins) press(pinned.has(name));
    if (view.words !== null) view.words.value = unencoded(of('show'));
    if (view.within !== null) view.within.checked = of('within') === '1';
    arrange(view.table);
    view.filter();
  };

  const data = document.getElementById('groups');
  const groups = (data === null ? [] : JSON.parse(data.textContent)).map((group) => {
    const card = find('[data-answer]').find((one) => one.dataset.answer === group.prefix);
    const table = card.closest('article').querySelector('table.cells');
    return { answer: new statebench.GroupAnswer(group), card, table, prefix: group.prefix, matrix: find('[data-matrix="' + group.prefix + '"]') };
  });
  const controls = find('.needs.controls')[0];
  const MARKS = { picked: '✓ use', passes: '✓', misses: '✕', undecided: '?', out: '–' };
  let needs = statebench.needsOfTexts([]).needs;
  let asked = 0;
  const fields = controls === undefined ? [] : find('[data-circumstance]', controls);
  const field = (name) => fields.find((one) => one.dataset.circumstance === name)?.value ?? '';

  /** What changes in the matrix, of all groups at once. */
  const mark = (group) => {
    group.outcomes = group.answer.outcomes(needs);
    for (const cell of group.matrix) {
      const { outcome } = group.outcomes[Number(cell.dataset.place)];
      if (cell.dataset.outcome === outcome && cell.firstElementChild.textContent !== '') continue;
      cell.dataset.outcome = outcome;
      cell.firstElementChild.textContent = MARKS[outcome];
    }
  };
  const write = ({ answer, card, table, prefix, outcomes }) => {
    const { headline, answer: parts, standings } = answer.elements(needs);
    card.querySelector('.answer').replaceChildren(...parts.map((part) => statebench.nodeOf(part, document)));
    card.querySelector('.standings').replaceChildren(...standings.map((part) => statebench.nodeOf(part, document)));
    for (const element of find('[data-headline="' + prefix + '"]')) element.textContent = headline;
    for (const body of find('tbody[data-place]', table)) {
      const { outcome, isBest, competes } = outcomes[Number(body.dataset.place)];
      body.dataset.outcome = outcome;
      body.classList.toggle('best', isBest);
      body.classList.toggle('apart', !competes);
    }
    arrange(table);
    filters.get(table)();
  };
  /** The first answer at once, the others as there is time, so that a slider never sticks. */
  const decide = () => {
    const own = ++asked;
    for (const group of groups) mark(group);
    for (const element of find('[data-needs-line]')) element.textContent = statebench.needsLine(needs);
    const waiting = [...groups];
    const step = () => {
      if (own !== asked) return;
      const until = performance.now() + 8;
      do {
        const next = waiting.shift();
        if (next !== undefined) write(next);
      } while (waiting.length > 0 && performance.now() < until);
      if (waiting.length > 0) setTimeout(step);
      else root.dataset.decided = String(own);
    };
    step();
  };
  const sliders = controls === undefined ? [] : find('[data-criterion]', controls);
  const showUnread = (before, unread) => {
    const place = controls.querySelector('.unread');
    place.hidden = unread.length === 0;
    place.textContent = before + unread.join(', ');
  };
  /** Takes the checkpoint interval and the input rate from their fields. */
  const predict = () => {
    const { circumstances, unread } = statebench.circumstancesOfFields(field('interval'), field('input'));
    for (const one of fields) one.setAttribute('aria-invalid', String(unread.includes(one.value)));
    for (const { answer } of groups) answer.predictFor(circumstances);
    showUnread('Write an interval such as 1min and a rate such as 50k. Not understood: ', unread);
    return unread;
  };
  const show = () => {
    for (const slider of sliders) {
      const { criterion, better } = slider.dataset;
      const stops = slider.dataset.stops.split(' ');
      const limit = needs.limits.find((one) => one.criterion === criterion);
      const distance = (stop) => stop === '' ? Infinity : Math.abs(Math.log(Number(stop) / limit.limit));
      const at = limit === undefined ? stops.indexOf('') : stops.reduce((best, stop, i) => distance(stop) < distance(stops[best]) ? i : best, better === 'more' ? 1 : 0);
      slider.value = String(at);
      const text = limit === undefined ? 'any' : statebench.limitLine(limit);
      slider.nextElementSibling.textContent = text;
      slider.setAttribute('aria-valuetext', text);
    }
    const [survive, server] = [controls.querySelector('[data-need=durability]'), controls.querySelector('[data-need=servers]')];
    survive.value = needs.durability;
    if (server !== null) server.checked = needs.servers;
  };
  const hash = () => {
    const texts = statebench.textsOfNeeds(needs);
    const parts = [...(texts.length === 0 ? [] : ['needs=' + texts.map(encodeURIComponent).join(';')]), ...fields.filter((one) => one.value.trim() !== '').map((one) => one.dataset.circumstance + '=' + encodeURIComponent(one.value.trim())), ...views.flatMap(viewTexts)];
    return parts.length === 0 ? '' : '#' + parts.join('&');
  };
  const keep = () => history.replaceState(null, '', hash() === '' ? location.pathname + location.search : hash());
  const changed = () => { show(); decide(); keep(); };
  const read = () => {
    const given = new Map(location.hash.slice(1).split('&').filter((part) => part.includes('=')).map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]));
    if (given.size === 0) return false;
    for (const view of views) setView(view, given);
    if (controls === undefined) return true;
    const texts = (given.get('needs') ?? '').split(';').map(unencoded);
    const found = statebench.needsOfTexts(texts.filter((text) => text !== ''));
    needs = found.needs;
    for (const one of fields) one.value = unencoded(given.get(one.dataset.circumstance) ?? '');
    showUnread('Not understood in this link: ', [...found.unread, ...predict()]);
    return true;
  };
  if (controls !== undefined && groups.length > 0) {
    for (const slider of sliders) {
      slider.addEventListener('input', () => {
        const stop = slider.dataset.stops.split(' ')[Number(slider.value)];
        needs = statebench.limitedTo(needs, slider.dataset.criterion, stop === '' ? null : Number(stop));
        changed();
      });
    }
    for (const one of fields) one.addEventListener('input', () => { predict(); changed(); });
    controls.querySelector('[data-need=durability]').addEventListener('change', (event) => { needs = { ...needs, durability: event.target.value }; changed(); });
    controls.querySelector('[data-need=servers]')?.addEventListener('change', (event) => { needs = { ...needs, servers: event.target.checked }; changed(); });
    controls.querySelector('[data-needs-reset]').addEventListener('click', () => { needs = statebench.needsOfTexts([]).needs; for (const one of fields) one.value = ''; predict(); changed(); });
    controls.querySelector('[data-needs-link]').addEventListener('click', async (event) => {
      try { await navigator.clipboard.writeText(location.href); event.target.textContent = 'Copied'; }
      catch { event.target.textContent = 'It is in the address bar'; }
    });
    // A link to a section must not take the limits out of the address.
    document.addEventListener('click', (event) => {
      const link = event.target.closest?.('a[href^="#"]');
      const target = link === null || link === undefined ? null : document.getElementById(link.hash.slice(1));
      if (target === null || hash() === '') return;
      event.preventDefault();
      target.scrollIntoView();
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
    });
  }
  const isDecided = controls !== undefined && groups.length > 0;
  const restore = () => {
    if (isDecided) { show(); decide(); }
  };
  read();
  restore();
  addEventListener('hashchange', () => { if (read()) restore(); });

  const save = (name, parts, type) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob(parts, { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const unpacked = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  };
  for (const button of find('[data-download]')) {
    const { download, from } = button.dataset;
    button.addEventListener('click', async () => save(download, [await unpacked(document.getElementById(from).textContent)], 'application/octet-stream'));
  }
  for (const button of find('[data-copy]')) {
    button.addEventListener('click', async () => {
      const target = document.getElementById(button.dataset.copy);
      try { await navigator.clipboard.writeText(target.textContent); button.textContent = 'Copied'; }
      catch { getSelection().selectAllChildren(target); button.textContent = 'Selected: press Ctrl+C'; }
    });
  }
})();
`;

/** {@link SCRIPT} with what it decides by. */
export function wholeScript(): string {
  return `${inlinedModules('statebench', new URL('./answer.js', import.meta.url))}${SCRIPT}`;
}
