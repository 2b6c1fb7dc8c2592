const unsafe = /[^A-Za-z0-9._-]+/g;
const windowsDevice = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Whether a text can be a file name on every platform, as it is. */
export function isSafeFileName(name: string): boolean {
  return name.length > 0 && name.length <= 100 && toFileName(name) === name;
}

/**
 * A file name made of any text: other characters become "_"; names that a platform treats specially (dots only,
 * "con", a trailing dot) are changed. Different texts may give the same name.
 */
export function toFileName(text: string): string {
  let name = text.normalize('NFKD').replace(unsafe, '_').slice(0, 100);
  if (/^\.+$/.test(name) || name === '') name = `_${name}`;
  if (windowsDevice.test(name)) name = `_${name}`.slice(0, 100);
  return name.endsWith('.') ? `${name.slice(0, -1)}_` : name;
}

/** `YYYYMMDD_HHMMSS` in UTC: the time stamp in the names of data files. */
export function fileTimestamp(epochMs: number): string {
  const iso = new Date(epochMs).toISOString();
  return `${iso.slice(0, 10).replaceAll('-', '')}_${iso.slice(11, 19).replaceAll(':', '')}`;
}
