import { DatabaseSync, type StatementSync } from 'node:sqlite';

export { DatabaseSync, type StatementSync };

/** Runs an action in a transaction: committed when it returns, rolled back when it throws. */
export function inTransaction<T>(database: DatabaseSync, action: () => T): T {
  database.exec('BEGIN');
  try {
    const result = action();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
