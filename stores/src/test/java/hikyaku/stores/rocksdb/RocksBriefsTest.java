package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.view.BriefsContract;
import java.nio.file.Path;
import java.time.Clock;

final class RocksBriefsTest extends BriefsContract {
  @Override
  protected Store open(Path directory, Clock clock) {
    return RocksStore.open(directory, RocksSettings.DEFAULT, clock);
  }
}
