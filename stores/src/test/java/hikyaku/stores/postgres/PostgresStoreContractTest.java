package hikyaku.stores.postgres;

import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreContract;
import java.nio.file.Path;
import java.time.Clock;

final class PostgresStoreContractTest extends StoreContract {
  @Override
  protected Store open(Path directory, Clock clock) {
    return PostgresStore.open(TestServer.settings(directory), clock);
  }
}
