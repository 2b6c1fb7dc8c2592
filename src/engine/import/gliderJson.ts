import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { childrenOf, nameOf, selectorsOf, type LeaveOut } from './gliderFields.ts';

/** A `rest` source that does what a glider configuration for JSON says. */
export function mapJsonSource(
  config: JsonObject,
  list: readonly JsonValue[],
  start: readonly string[],
  leaveOut: LeaveOut,
): object {
  for (const url of start.slice(1)) {
    leaveOut(`start_urls: ${url}`, 'a rest source has one URL: copy the file, or use source.for');
  }
  const fields = list.filter(isJsonObject);
  const record = fields.find((field) => childrenOf(field).length > 0);
  for (const other of record === undefined ? [] : fields) {
    if (other !== record)
      leaveOut(
        `fields.${nameOf(other)}`,
        `a collection makes one kind of record, and "${nameOf(record ?? other)}" is it`,
      );
  }
  const items = record === undefined ? '' : pathOf(record, `fields.${nameOf(record)}`, leaveOut);
  const isPost = config['request_method'] === 'POST';
  return {
    type: 'rest',
    url: start[0] ?? '',
    ...(isPost ? { method: 'POST', ...bodyOf(config, leaveOut) } : {}),
    ...pagingOf(config, leaveOut),
    // Without children the answer as a whole is one record.
    items: record === undefined ? '=[$]' : (items ?? ''),
    fields: mapFields(record === undefined ? fields : childrenOf(record), leaveOut),
  };
}

function mapFields(fields: readonly JsonObject[], leaveOut: LeaveOut): Record<string, string> {
  const mapped: Record<string, string> = {};
  for (const field of fields) {
    const name = nameOf(field);
    if (childrenOf(field).length > 0) {
      leaveOut(`fields.${name}`, 'objects inside a record: take them whole with a path');
      continue;
    }
    const path = pathOf(field, `fields.${name}`, leaveOut);
    if (path === undefined) continue;
    mapped[name] = path;
    const transformers = field['transformers'];
    if (!Array.isArray(transformers)) continue;
    for (const entry of transformers as readonly JsonValue[]) {
      const own = typeof entry === 'string' ? entry : isJsonObject(entry) ? entry['name'] : null;
      if (own !== 'strip')
        leaveOut(
          `fields.${name}: the transformer ${JSON.stringify(own ?? null)}`,
          'write it in JSONata: "=$number(path)"',
        );
    }
  }
  return mapped;
}

/** A JSONPath as ours: with `[*]` in it as JSONata, which goes through lists by itself. */
function pathOf(field: JsonObject, place: string, leaveOut: LeaveOut): string | undefined {
  const selectors = selectorsOf(field);
  for (const { type, value } of selectors) {
    if (type !== 'json') {
      leaveOut(`${place}: the ${type} selector ${value}`, 'it is not for JSON');
      continue;
    }
    const path = value.replace(/^\$\.?/, '');
    if (/^[\w-]+(?:\.[\w-]+|\[\d+\])*$/.test(path)) return path;
    if (/^[\w]+(?:\.\w+|\[(?:\d+|\*)\])*$/.test(path)) return `=${path.replaceAll('[*]', '')}`;
    leaveOut(`${place}: the JSONPath ${value}`, 'write it as a path or in JSONata');
  }
  return undefined;
}

function pagingOf(config: JsonObject, leaveOut: LeaveOut): object {
  const { pagination } = config;
  if (!isJsonObject(pagination) || config['mode'] === 'list') return {};
  const from = pathOf(pagination, 'pagination', leaveOut);
  if (from === undefined || from.startsWith('=')) return {};
  leaveOut('pagination.max_pages', 'an API is paged to its end; limits.target ends it earlier');
  const param = pagination['query_param'];
  return { paginate: { type: 'cursor', param: typeof param === 'string' ? param : 'after', from } };
}

function bodyOf(config: JsonObject, leaveOut: LeaveOut): object {
  if (config['request_body_type'] === 'form') {
    leaveOut('request_body_type form', 'a body is sent as JSON');
    return {};
  }
  const body = config['request_body'];
  return body === undefined ? {} : { body };
}
