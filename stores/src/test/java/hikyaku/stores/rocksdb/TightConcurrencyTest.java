package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.ConcurrencyContract;
import hikyaku.mailbox.store.Store;
import java.nio.file.Path;
import java.time.Clock;

final class TightConcurrencyTest extends ConcurrencyContract {
  @Override
  protected Store open(Path place, Clock time) {
    return RocksStore.open(place, TightSettings.TIGHT, time);
  }
}
