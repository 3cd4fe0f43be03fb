package hikyaku.stores.postgres;

import hikyaku.mailbox.store.ConcurrencyContract;
import hikyaku.mailbox.store.Store;
import java.nio.file.Path;
import java.time.Clock;

final class TwoMountsConcurrencyTest extends ConcurrencyContract {
  @Override
  protected Store open(Path place, Clock time) {
    PostgresSettings settings = TestServer.settings(place);
    return new TwoNodes(
        settings.withBlobDirectory(SharedDirectory.first(place)),
        settings.withBlobDirectory(SharedDirectory.second(place)),
        time);
  }
}
