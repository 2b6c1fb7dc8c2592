import type { DatabaseSync, StatementSync } from './sqlite.ts';

/** Names of lanes, groups and data files, and the numbers that stand for them in an index's tables. */
export class IndexNames {
  readonly #add: StatementSync;
  readonly #ids = new Map<string, number>();
  readonly #names = new Map<number, string>();

  constructor(database: DatabaseSync) {
    this.#add = database.prepare('INSERT INTO names (name) VALUES (?)');
    for (const row of database.prepare('SELECT id, name FROM names').iterate()) {
      this.#keep(String(row['name']), Number(row['id']));
    }
  }

  /** The number of a name; undefined when the index has none for it. */
  find(name: string): number | undefined {
    return this.#ids.get(name);
  }

  /** The number of a name, which gets one where it has none. */
  idOf(name: string): number {
    return this.#ids.get(name) ?? this.#keep(name, Number(this.#add.run(name).lastInsertRowid));
  }

  /** The name of a number that {@link idOf} has given. */
  nameOf(id: number): string {
    return this.#names.get(id) ?? '';
  }

  #keep(name: string, id: number): number {
    this.#ids.set(name, id);
    this.#names.set(id, name);
    return id;
  }
}
