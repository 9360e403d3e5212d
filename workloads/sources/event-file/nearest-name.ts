/** The name nearest to `wanted`, letters' case and blanks around it aside; null if none is near enough to be meant. */
export function nearestName(wanted: string, names: readonly string[]): string | null {
  const bare = (name: string): string => name.trim().toLowerCase().slice(0, LONGEST_NAME);
  let nearest: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(bare(wanted), bare(name));
    if (distance < least) {
      nearest = name;
      least = distance;
    }
  }
  return nearest;
}

/** What is beyond is not compared. */
const LONGEST_NAME = 64;

/** Levenshtein distance: insert, delete, replace. */
function editDistance(a: string, b: string): number {
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), row[j - 1]! + 1, last[j]! + 1));
    }
    last = row;
  }
  return last[b.length]!;
}
