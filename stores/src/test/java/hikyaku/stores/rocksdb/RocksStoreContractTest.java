package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreContract;
import java.nio.file.Path;
import java.time.Clock;

final class RocksStoreContractTest extends StoreContract {
  @Override
  protected Store open(Path directory, Clock clock) {
    return RocksStore.open(directory, RocksSettings.DEFAULT, clock);
  }
}
