package hikyaku.app.config;

import hikyaku.stores.postgres.PostgresSettings;
import hikyaku.stores.rocksdb.RocksSettings;

/**
 * Where everything durable is kept.
 *
 * @param engine which one keeps it: "embedded", in the data directory, for one node; or "postgres",
 *     in a PostgreSQL database that several nodes share
 * @param embedded the embedded engine
 * @param postgres the engine on PostgreSQL
 */
public record StoreSettings(Engine engine, RocksSettings embedded, PostgresSettings postgres) {
  public static final StoreSettings DEFAULTS =
      new StoreSettings(Engine.EMBEDDED, RocksSettings.DEFAULT, PostgresSettings.DEFAULT);

  /** The engines that there are. */
  public enum Engine {
    EMBEDDED,
    POSTGRES
  }

  /** The same on another engine. */
  public StoreSettings on(Engine other) {
    return new StoreSettings(other, embedded, postgres);
  }
}
