package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.ModelContract;
import hikyaku.mailbox.store.Store;
import java.nio.file.Path;
import java.time.Clock;

final class TightModelTest extends ModelContract {
  @Override
  protected Store open(Path place, Clock time) {
    return RocksStore.open(place, TightSettings.TIGHT, time);
  }
}
