package hikyaku.stores.postgres;

import hikyaku.mailbox.store.ConcurrencyContract;
import hikyaku.mailbox.store.Store;
import java.nio.file.Path;
import java.time.Clock;

final class SharedDirectoryConcurrencyTest extends ConcurrencyContract {
  @Override
  protected Store open(Path place, Clock time) {
    return PostgresStore.open(
        TestServer.settings(place).withBlobDirectory(SharedDirectory.first(place)), time);
  }
}
